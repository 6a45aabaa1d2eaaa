//! The `klamm` binary: hands the command line to [`klamm_cli`].

/// jemalloc maps a huge request without reserving memory for it, so that an array length which a stranger
/// invented costs address space and nothing else (`docs/decisions/0004-hostile-lengths.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    klamm_cli::run(std::env::args_os())
}
