//! Memory of large slices in pages of 2 MiB.

use std::alloc::{GlobalAlloc, Layout, System};

/// The length of a large page, which it is aligned to.
const PAGE: usize = 2 << 20;

/// Slices that are as long have a whole large page in them, wherever they begin.
const LEAST: usize = 2 * PAGE;

/// The allocator of the system, which asks for large pages where much memory is wanted at a time: reading it then takes few entries
/// of the table of pages that the processor remembers, and new memory few faults. Where the system gives large pages without being
/// asked, or none, nothing changes (Linux: `transparent_hugepage/enabled`, of which `madvise` is the default of many).
///
/// ```
/// #[global_allocator]
/// static MEMORY: bitsweep_kernels::LargePages = bitsweep_kernels::LargePages;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LargePages;

// SAFETY: everything is the system's; what is asked of the pages changes none of their contents.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller answers for the layout.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller answers for the layout.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller answers for both, and all memory is the system's.
        unsafe { System.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller answers for all three, and all memory is the system's.
        advised(unsafe { System.realloc(start, layout, size) }, size)
    }
}

/// The start of memory of such a size, whose whole large pages are asked for.
#[cfg(all(target_os = "linux", not(miri)))]
#[inline]
fn advised(start: *mut u8, size: usize) -> *mut u8 {
    if size >= LEAST && !start.is_null() {
        let skipped = start.align_offset(PAGE);
        let length = (size - skipped) / PAGE * PAGE;
        // SAFETY: the pages are within memory that is the caller's, and keep their contents. That the system has none is no failure.
        let _ = unsafe { libc::madvise(start.add(skipped).cast(), length, libc::MADV_HUGEPAGE) };
    }
    start
}

#[cfg(not(all(target_os = "linux", not(miri))))]
#[inline]
fn advised(start: *mut u8, _size: usize) -> *mut u8 {
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_is_zeroed_grows_and_is_given_back() {
        for size in [1, 4096, LEAST - 1, LEAST, LEAST + 1, 3 * LEAST + 12_345] {
            let layout = Layout::from_size_align(size, 64).unwrap();
            let grown = 2 * size + LEAST;
            // SAFETY: sizes are not 0, and each layout is that of its memory.
            unsafe {
                let start = LargePages.alloc_zeroed(layout);
                assert!(!start.is_null() && start.addr().is_multiple_of(64));
                assert!(std::slice::from_raw_parts(start, size).iter().all(|byte| *byte == 0));
                start.write_bytes(7, size);
                let start = LargePages.realloc(start, layout, grown);
                assert!(std::slice::from_raw_parts(start, size).iter().all(|byte| *byte == 7));
                start.write_bytes(8, grown);
                LargePages.dealloc(start, Layout::from_size_align(grown, 64).unwrap());
            }
        }
    }
}
