.DEFAULT_GOAL := help
.PHONY: help run test test-full lint bench build release setup clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Set up, build for release and start the server on localdata/ with the demo account
	@scripts/run

test: ## Set up, build and test everything: Swift, official OSS clients, examples
	@scripts/test

test-full: ## The same with power cuts, objects of 5 GiB, full counts and the fuzzers (as root)
	@scripts/test --full

lint: ## Check format and the style rules that a machine can check
	@scripts/lint

bench: ## Measure a release build
	@scripts/bench

build: ## Build for debugging
	swift build

release: ## Build for release
	swift build -c release --product storage-gateway

setup: ## Install what is missing, the Python environment of the tests included
	@scripts/setup --tests

clean: ## Remove what was built; data stays
	rm -rf .build .venv
