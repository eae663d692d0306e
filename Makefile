# make          build dist/
# make run      build, run one plug-in, serve the playground
# make test     all tests; installs what they need
# make check    style, types, unit tests, size budget, clean tree
# make bench    benchmarks against the other runtimes
# make clean    remove what was built

.PHONY: build run test check bench clean tools

EXTISM_JS := go run ./cmd/extism-js

build:
	@$(EXTISM_JS) build -sizes

run: build
	@$(EXTISM_JS) call dist/plugins/greet.wasm greet -input "make run" && echo
	@$(EXTISM_JS) serve dist

test: tools
	@scripts/test.sh

check: tools
	@scripts/check.sh

bench: tools build
	@scripts/bench.sh

tools:
	@scripts/tools.sh

clean:
	rm -rf dist .cache
