# `make run` starts a broker, `make image` builds the container image, `make test` installs what the tests need and runs
# them all.
# `make verify` never writes to the tree, `make fix` may.

CARGO ?= cargo
KLAMM := target/release/klamm

.PHONY: run build image test verify fix unit lint doc fuzz compat bench clean

run: build
	./$(KLAMM) server config/server.properties

build:
	$(CARGO) build --release --locked

image: build
	docker/build.sh

test: verify build fuzz compat

verify: lint unit doc

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit:
	$(CARGO) test --workspace --locked

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

fuzz:
	cd fuzz && CARGO_TARGET_DIR=../target $(CARGO) test --locked

compat: build
	compat-tests/run.sh

bench: build
	benches/run.sh

fix:
	$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --fix --allow-dirty --allow-staged

clean:
	$(CARGO) clean
	rm -rf data compat-tests/.cache
