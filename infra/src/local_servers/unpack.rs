//! Takes the programs out of the fetched packages.

use super::LocalServersError;
use liblzma::read::XzDecoder;
use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};
use zip::ZipArchive;

/// PostgreSQL's package is a jar with one `.txz` inside: unpacks that.
pub(super) fn postgres(package: &Path, into: &Path) -> Result<(), LocalServersError> {
    postgres_inner(package, into).map_err(broken(package))
}

/// Redis' package holds one static program per platform: takes `program`.
pub(super) fn redis(package: &Path, program: &str, into: &Path) -> Result<(), LocalServersError> {
    redis_inner(package, program, into).map_err(broken(package))
}

fn postgres_inner(package: &Path, into: &Path) -> io::Result<()> {
    let mut jar = ZipArchive::new(File::open(package)?)?;
    let name = jar
        .file_names()
        .find(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "txz")
        })
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other("there is no .txz in it"))?;
    let archive = XzDecoder::new(jar.by_name(&name)?);
    tar::Archive::new(archive).unpack(into)?;
    // The umask may have closed it; PostgreSQL may run as another user.
    open_folders(into)
}

fn redis_inner(package: &Path, program: &str, into: &Path) -> io::Result<()> {
    let mut jar = ZipArchive::new(File::open(package)?)?;
    let mut packed = jar.by_name(program)?;
    let mut unpacked = File::create(into)?;
    io::copy(&mut packed, &mut unpacked)?;
    unpacked.set_permissions(Permissions::from_mode(0o755))
}

fn open_folders(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}

fn broken(package: &Path) -> impl FnOnce(io::Error) -> LocalServersError {
    let package = package.to_owned();
    move |source| LocalServersError::Package { package, source }
}
