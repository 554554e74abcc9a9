# The commands of daily work. Everything is idempotent and quick when there is nothing to do.
.DEFAULT_GOAL := help
.PHONY: help demo build test check bench bench-train fixtures clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## install, build, serve the iris model, send real predictions with curl, stop
	@tools/setup build
	@tools/build release slipway
	@tools/demo build/release/slipway examples/iris/iris.joblib

build:  ## the program: build/release/slipway
	@tools/setup build
	@tools/build release slipway

test:  ## install, build, run the unit tests and the end-to-end tests
	@tools/setup build test
	@tools/test

check:  ## format, banned calls, layers, sizes, unit tests (tools/check --deep: all that CI runs)
	@tools/setup build check
	@tools/check

bench:  ## the speed of the whole server beside its peers, as a table and JSON
	@tools/setup build bench
	@tools/bench

bench-train:  ## selecting and training models beside scikit-learn (about 10 minutes)
	@tools/setup build bench
	@tools/bench train

fixtures:  ## write the test models and their expected answers anew, with the original libraries
	@tools/setup test
	@tools/make_fixtures

clean:  ## remove build/ (the caches in ~/.cache stay)
	rm -rf build
