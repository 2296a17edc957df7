//! Where the checkout is.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The root of the workspace.
///
/// # Panics
/// Never: the folder of this crate has a parent.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate lies in the workspace")
}

/// Cargo, in the workspace, without what `cargo test` tells about the running
/// crate: it would reach build scripts and have them run again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let of_the_crate = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if of_the_crate.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// The profile folder of the running program: `target/debug` of a test, which
/// lies in `deps` there; `target/release` of a bench, which lies in it.
pub(crate) fn profile_dir() -> std::io::Result<PathBuf> {
    let program = env::current_exe()?;
    let mut folders = program.ancestors().skip(1);
    let folder = folders.find(|folder| !folder.ends_with("deps"));
    folder
        .map(Path::to_owned)
        .ok_or_else(|| std::io::Error::other("the test does not run from a target folder"))
}
