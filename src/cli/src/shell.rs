//! The shells of the image, `/bin/bash` and `/bin/sh`, which are links to this binary.
//!
//! A shell that is the first process of a container hands no signal on, and a system ignores for the first process what
//! it does not handle: `docker stop` of `sh -c "while ...; done; /script"`, which is how test libraries start images,
//! ends in a kill after ten seconds. So the first process is this one, and the shell is its child (`init.rs`). Everywhere
//! else this process becomes the shell at once.

mod init;
mod processes;

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Where the image keeps the real shells.
const SHELLS: &str = "/usr/lib/klamm";

/// The exit code of a shell that is not there, as shells tell it of a command.
const NOT_FOUND: u8 = 127;

/// The shell that a command line asks for by the name of its program; a login shell's has a dash before it.
pub fn asked(args: &[OsString]) -> Option<&'static str> {
    let program = Path::new(args.first()?).file_name()?.to_str()?;
    match program.strip_prefix('-').unwrap_or(program) {
        "bash" => Some("bash"),
        "sh" => Some("sh"),
        _ => None,
    }
}

/// Becomes the shell, or as the first process its parent.
pub fn run(shell: &str, args: &[OsString]) -> ExitCode {
    let path = Path::new(SHELLS).join(shell);
    let (name, rest) = args.split_first().map_or((OsString::new(), args), |(name, rest)| (name.clone(), rest));
    let mut command = Command::new(&path);
    // The name by which it was called tells a shell what it is.
    command.arg0(name).args(rest);
    let problem = if std::process::id() == 1 {
        match init::run(&mut command) {
            Ok(code) => return ExitCode::from(code),
            Err(problem) => problem,
        }
    } else {
        command.exec()
    };
    eprintln!("klamm: {}: {problem}", path.display());
    ExitCode::from(NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_asked_for_by_the_programs_name_alone() {
        let shell = |program: &str| asked(&[OsString::from(program), OsString::from("-c")]);
        for program in ["bash", "/bin/bash", "/usr/bin/bash", "-bash", "../bin/bash"] {
            assert_eq!(shell(program), Some("bash"), "{program}");
        }
        assert_eq!((shell("sh"), shell("/bin/sh"), shell("-sh")), (Some("sh"), Some("sh"), Some("sh")));
        for program in ["klamm", "/usr/bin/klamm", "zsh", "bash5", "sh.exe", "", "/", "kafka-topics.sh"] {
            assert_eq!(shell(program), None, "{program}");
        }
        assert_eq!(asked(&["klamm".into(), "sh".into()]), None);
        assert_eq!(asked(&[]), None);
    }
}
