//! As whom PostgreSQL runs: it refuses root, so root runs it as `nobody`.

use super::{LocalServersError, error::file};
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, chown},
    path::Path,
};
use tokio::process::Command;

/// The user that owns PostgreSQL's processes and data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunAs {
    /// We are not root: as ourselves.
    Ourselves,
    /// We are root: as `nobody`.
    Nobody {
        /// Its user id.
        uid: u32,
        /// Its group id.
        gid: u32,
        /// Whether `nobody` may enter the folders by itself. Where it may not
        /// (a checkout under /root), `setpriv` gives it `CAP_DAC_OVERRIDE`.
        may_enter: bool,
    },
}

impl RunAs {
    /// Decides from who we are and where the files lie.
    pub fn for_files_in(folders: &[&Path]) -> Result<Self, LocalServersError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let users = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(users).map_err(file("read", users))?;
        let (uid, gid) = nobody(&passwd).ok_or(LocalServersError::NoNobody)?;
        let may_enter = folders.iter().all(|folder| open_to_all(folder));
        Ok(Self::Nobody {
            uid,
            gid,
            may_enter,
        })
    }

    /// Gives a folder to that user.
    pub fn own(self, folder: &Path) -> Result<(), LocalServersError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Nobody { uid, gid, .. } => {
                chown(folder, Some(uid), Some(gid)).map_err(file("give away", folder))
            }
        }
    }

    /// A command that will run as that user.
    pub fn command(self, program: &Path) -> Command {
        match self {
            Self::Ourselves => Command::new(program),
            Self::Nobody {
                uid,
                gid,
                may_enter: true,
            } => {
                let mut command = Command::new(program);
                command.uid(uid).gid(gid);
                command
            }
            Self::Nobody { uid, gid, .. } => through_setpriv(uid, gid, program),
        }
    }
}

/// `nobody` with the one right to pass by file modes. `no_setuid_fixup` makes
/// that right count in access(2) too, with which PostgreSQL looks for its own
/// files.
fn through_setpriv(uid: u32, gid: u32, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={uid}"))
        .arg(format!("--regid={gid}"))
        .args([
            "--clear-groups",
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        ])
        .arg(program);
    command
}

/// User and group id of `nobody` in the text of /etc/passwd.
fn nobody(passwd: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.starts_with("nobody:"))?;
    let mut ids = line.split(':').skip(2);
    Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
}

/// Whether anybody may pass through a folder and all those above it.
fn open_to_all(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|part| fs::metadata(part).is_ok_and(|part| part.mode() & 0o001 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn nobody_is_found_by_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\n\
                      nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";
        assert_eq!(nobody(passwd), Some((65_534, 65_533)));
        assert_eq!(nobody("root:x:0:0:root:/root:/bin/bash\n"), None);
    }

    #[test]
    fn one_closed_folder_on_the_way_is_enough() {
        let dir = tempfile::tempdir().expect("a folder");
        let inner = dir.path().join("open");
        fs::create_dir(&inner).expect("created");
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("opened");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).expect("closed");
        assert!(!open_to_all(&inner));
    }
}
