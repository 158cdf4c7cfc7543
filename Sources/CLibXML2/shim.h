#pragma once
#include <libxml/xmlversion.h>
/* With it, libxml2's headers bring in the system's ICU, which clashes with the one of Foundation. It adds fields to the
   end of a structure that nobody here uses. */
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlerror.h>
