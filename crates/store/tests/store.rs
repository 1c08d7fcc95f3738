//! What a store promises, tried on a disk.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use bitsweep_store::{Content, Kind, Shelf, Store, StoreError, split};
use proptest::prelude::*;
use tempfile::TempDir;

const UNIT: Shelf = Shelf::Unit(0xab00_0000_0000_0000_0000_0000_0000_0001);

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_put_is_found_by_its_kind() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&folder.path().join("new/store")).unwrap();
    let rows = store.put(UNIT, Kind::Rows, b"rows").unwrap();
    let model = store.put(UNIT, Kind::Model, b"model").unwrap();
    assert_eq!(store.files(UNIT).unwrap(), [model.clone(), rows.clone()]);
    assert_eq!(store.files_of(UNIT, Kind::Rows).unwrap(), std::slice::from_ref(&rows));
    assert_eq!(store.read(&rows).unwrap(), Content::Whole(b"rows".to_vec()));
    assert_eq!(store.shelves().unwrap(), [UNIT]);
    store.remove(&model).unwrap();
    assert_eq!(store.read(&model).unwrap(), Content::Gone);
    // The first test vector of BLAKE3, the hash of no bytes.
    let empty = store.put(UNIT, Kind::Rows, b"").unwrap();
    assert_eq!(empty.name(), "rows-af1349b9f5f9a1a6a0404dea36dcc949.parquet");
    assert!(empty.path.ends_with(format!("units/ab/ab000000000000000000000000000001/{}", empty.name())));
}

#[test]
fn nothing_unfinished_is_left_beside_a_file() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for _ in 0..2 {
        store.put(UNIT, Kind::Rows, b"rows").unwrap();
    }
    assert_eq!(names(&store.folder(UNIT)).len(), 1);
    assert_eq!(names(folder.path()), ["store", "units"]);
}

#[test]
fn what_was_cut_or_altered_is_damaged_until_it_is_put_again() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let bytes: Vec<u8> = (0..200).collect();
    let file = store.put(UNIT, Kind::Rows, &bytes).unwrap();
    for length in [0, 1, 100, 199] {
        fs::write(&file.path, &bytes[..length]).unwrap();
        assert_eq!(store.read(&file).unwrap(), Content::Damaged, "{length}");
    }
    let mut altered = bytes.clone();
    altered[77] ^= 1;
    fs::write(&file.path, altered).unwrap();
    assert_eq!(store.read(&file).unwrap(), Content::Damaged);
    assert_eq!(store.put(UNIT, Kind::Rows, &bytes).unwrap(), file);
    assert_eq!(store.read(&file).unwrap(), Content::Whole(bytes));
}

#[test]
fn stores_are_united_and_damaged_files_left_out() {
    let folder = TempDir::new().unwrap();
    let [one, other] = ["one", "other"].map(|name| Store::open(&folder.path().join(name)).unwrap());
    let plan = Shelf::Plan(7);
    let shared = one.put(UNIT, Kind::Rows, b"shared").unwrap();
    other.put(UNIT, Kind::Rows, b"shared").unwrap();
    let own = other.put(plan, Kind::Plan, b"own").unwrap();
    let bad = other.put(UNIT, Kind::Model, b"good").unwrap();
    fs::write(&bad.path, b"bad").unwrap();
    let merged = one.merge(&other).unwrap();
    assert_eq!((merged.copied, merged.present), (1, 1));
    assert_eq!(merged.damaged, [bad.path]);
    assert_eq!(one.files(UNIT).unwrap(), [shared]);
    assert_eq!(one.files(plan).unwrap()[0].name(), own.name());
    assert_eq!(one.shelves().unwrap(), [UNIT, plan]);
}

#[test]
fn another_folder_is_no_store() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(Store::existing(&empty).unwrap().is_none());
    assert!(Store::existing(&folder.path().join("none")).unwrap().is_none());
    assert!(!folder.path().join("none").exists());
    assert!(matches!(Store::open(folder.path()), Err(StoreError::NotAStore(_))));
    let newer = folder.path().join("newer");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("store"), "bitsweep store, version 2\n").unwrap();
    assert!(matches!(Store::open(&newer), Err(StoreError::Version { .. })));
}

#[test]
fn a_store_that_was_killed_while_it_was_made_is_made_again() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".new-1-1-0"), "bitsw").unwrap();
    Store::open(folder.path()).unwrap();
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out() {
    use std::os::unix::fs::symlink;

    let folder = TempDir::new().unwrap();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    symlink(&outside, folder.path().join("store/units")).unwrap();
    assert!(matches!(store.put(UNIT, Kind::Rows, b"rows"), Err(StoreError::NotAFolder(_))));
    assert!(matches!(store.shelves(), Err(StoreError::NotAFolder(_))));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);

    let plan = Shelf::Plan(1);
    let file = store.put(plan, Kind::Plan, b"plan").unwrap();
    fs::rename(&file.path, outside.join("file")).unwrap();
    symlink(outside.join("file"), &file.path).unwrap();
    assert_eq!(store.files(plan).unwrap(), []);
    // The link is replaced, and what it leads to is not written.
    store.put(plan, Kind::Plan, b"plan").unwrap();
    assert!(fs::symlink_metadata(&file.path).unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn the_store_itself_may_be_reached_through_a_link() {
    let folder = TempDir::new().unwrap();
    Store::open(&folder.path().join("store")).unwrap();
    std::os::unix::fs::symlink("store", folder.path().join("link")).unwrap();
    let store = Store::existing(&folder.path().join("link")).unwrap().unwrap();
    store.put(UNIT, Kind::Rows, b"rows").unwrap();
    assert!(store.folder(UNIT).starts_with(folder.path().canonicalize().unwrap().join("store")));
}

#[test]
fn what_a_killed_process_left_is_tidied_once_it_is_old() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let file = store.put(UNIT, Kind::Rows, b"rows").unwrap();
    let [old, new] = [".new-1-1-0", ".new-2-2-0"].map(|name| store.folder(UNIT).join(name));
    fs::write(&new, b"ro").unwrap();
    let day = std::time::Duration::from_secs(86_400);
    let yesterday = std::time::SystemTime::now() - day;
    fs::File::create(&old).unwrap().set_modified(yesterday).unwrap();
    store.tidy(UNIT).unwrap();
    assert!(!old.exists() && new.exists() && file.path.exists());
    fs::remove_file(&new).unwrap();
    store.remove(&file).unwrap();
    store.tidy(UNIT).unwrap();
    assert!(!store.folder(UNIT).exists());
}

proptest! {
    /// Whatever is cut or changed is damaged.
    #[test]
    fn no_other_bytes_have_the_name(bytes in prop::collection::vec(any::<u8>(), 1..300), at in any::<prop::sample::Index>(), change in 1u8..) {
        let folder = TempDir::new().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let file = store.put(UNIT, Kind::Rows, &bytes).unwrap();
        fs::write(&file.path, &bytes[..at.index(bytes.len())]).unwrap();
        prop_assert_eq!(store.read(&file).unwrap(), Content::Damaged);
        let mut altered = bytes.clone();
        altered[at.index(bytes.len())] ^= change;
        fs::write(&file.path, altered).unwrap();
        prop_assert_eq!(store.read(&file).unwrap(), Content::Damaged);
    }

    /// Graham's bound against a lower bound of the best balance, and shares that do not depend on the order of the pieces.
    #[test]
    fn shares_are_balanced_and_the_same_in_every_order(costs in prop::collection::vec(0u64..1000, 1..60), shards in 1usize..9, turn in 0usize..60) {
        let pieces: Vec<(u128, u64)> = costs.iter().zip(1u128..).map(|(cost, key)| (key, *cost)).collect();
        let shard_of = split(&pieces, shards);
        let mut loads = vec![0; shards];
        shard_of.iter().zip(&costs).for_each(|(shard, cost)| loads[*shard] += (*cost).max(1));
        let total: u64 = loads.iter().sum();
        let least = (total as f64 / shards as f64).max(costs.iter().copied().max().unwrap() as f64);
        let most = loads.iter().copied().max().unwrap() as f64;
        // With at most two pieces a shard the best balance may lie above this bound; the worst is twice of it.
        prop_assert!(most <= 2.0 * least.max(1.0), "{most} {least}");
        let mut turned = pieces.clone();
        turned.rotate_left(turn % pieces.len());
        let mut again = split(&turned, shards);
        again.rotate_right(turn % pieces.len());
        prop_assert_eq!(again, shard_of);
    }
}
