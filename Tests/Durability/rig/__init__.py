"""What the durability tests share: power cuts, block logs, a gate for system calls, loads with journals."""
