//! What the kernel tells of the machine.

use std::{collections::BTreeMap, fs, io, path::Path, thread};

/// Processors, memory, kernel, disk of `folder`, as far as they are told.
pub fn told(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = thread::available_parallelism()?.get().to_string();
    let told = [
        ("cpu", field(&read("/proc/cpuinfo"), "model name")),
        ("cores", Some(cores)),
        (
            "memory",
            field(&read("/proc/meminfo"), "MemTotal").map(|kib| in_gib(&kib)),
        ),
        (
            "kernel",
            Some(read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ),
        (
            "disk",
            disk(&read("/proc/self/mountinfo"), &folder.canonicalize()?),
        ),
    ];
    let told = told.into_iter();
    Ok(told
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect())
}

/// The value of the first line of this name.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then_some(value)
    });
    value.map(|value| value.trim().to_owned())
}

/// `24592000 kB` as `23.5 GiB`.
fn in_gib(kib: &str) -> String {
    let number = kib.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    number.map_or_else(
        || kib.to_owned(),
        |kib| format!("{:.1} GiB", kib / f64::from(1 << 20)),
    )
}

/// The file system that a folder is on, and what the kernel knows of its disk.
fn disk(mounts: &str, folder: &Path) -> Option<String> {
    let (device, system) = mount_of(mounts, folder)?;
    let rotates = ["queue/rotational", "../queue/rotational"]
        .iter()
        .find_map(|file| fs::read_to_string(format!("/sys/dev/block/{device}/{file}")).ok());
    Some(match rotates.as_deref().map(str::trim) {
        Some("0") => format!("{system}, does not rotate"),
        Some(_) => format!("{system}, rotates"),
        None => system,
    })
}

/// `MAJOR:MINOR` of the device and the name of the file system, of the longest
/// mount point that the folder is below; the last one where one lies over another.
fn mount_of(mounts: &str, folder: &Path) -> Option<(String, String)> {
    let mut found: Option<(usize, String, String)> = None;
    for line in mounts.lines() {
        // `36 35 98:0 /root /point options… - type source options`
        let (left, right) = line.split_once(" - ")?;
        let left: Vec<&str> = left.split(' ').collect();
        let (device, point) = (left.get(2)?, left.get(4)?);
        let longest = found.as_ref().map_or(0, |(length, ..)| *length);
        if folder.starts_with(point) && point.len() >= longest {
            let system = right.split(' ').next()?.to_owned();
            found = Some((point.len(), (*device).to_owned(), system));
        }
    }
    found.map(|(_, device, system)| (device, system))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_that_of_the_deepest_mount() {
        let mounts = "1 0 254:0 / / rw - ext4 /dev/a rw\n\
                      2 1 0:30 / /tmp rw shared:1 - tmpfs tmpfs rw\n\
                      3 1 254:16 / /data rw - xfs /dev/b rw\n";
        let system = |folder: &str| mount_of(mounts, Path::new(folder)).map(|(_, system)| system);
        assert_eq!(system("/home").as_deref(), Some("ext4"));
        assert_eq!(system("/tmp/x").as_deref(), Some("tmpfs"));
        assert_eq!(system("/data/x").as_deref(), Some("xfs"));
    }

    #[test]
    fn a_value_is_found_by_its_name() {
        let text = "processor\t: 0\nmodel name\t: A Processor\nmodel name\t: B\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A Processor"));
        assert_eq!(in_gib("2097152 kB"), "2.0 GiB");
    }
}
