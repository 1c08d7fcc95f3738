//! Changes of bytes and of texts.

use std::ops::Range;

use crate::numbers::Numbers;

/// Bytes of integers that are the ends of something.
const INTERESTING: [u64; 16] =
    [0, 1, 2, 3, 7, 16, 31, 32, 64, 255, 256, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 61, u64::MAX];

/// Changes bytes in a few places; `other` is what parts are taken of.
pub fn mutate(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        // Headers are in front, directories of archives at the end.
        let place = match numbers.below(4) {
            0 => numbers.below(bytes.len().min(64)),
            1 => bytes.len().saturating_sub(1 + numbers.below(bytes.len().min(128))),
            _ => numbers.below(bytes.len()),
        };
        let length = 1 + numbers.below(16);
        let range = place..(place + length).min(bytes.len());
        match numbers.below(9) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(range)),
            2 => {
                let part = bytes[range].to_vec();
                bytes.splice(place..place, part);
            }
            3 => {
                let first = numbers.below(other.len());
                let part = other[first..(first + length).min(other.len())].to_vec();
                bytes.splice(range, part);
            }
            4 => {
                let number = numbers.of_these(&INTERESTING).to_le_bytes();
                let width = 1 << numbers.below(4);
                bytes.iter_mut().skip(place).zip(&number[..width]).for_each(|(byte, new)| *byte = *new);
            }
            // Digits of texts: shapes, offsets, lengths.
            5 => {
                let digits = bytes.iter().skip(place).position(u8::is_ascii_digit);
                if let Some(digit) = digits.and_then(|digit| bytes.get_mut(place + digit)) {
                    *digit = b'0' + numbers.below(10) as u8;
                }
            }
            6 => {
                let byte = numbers.below(256) as u8;
                bytes.splice(place..place, vec![byte; length]);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
        }
    }
}

/// Words that are the ends of something, or that a reader may act on.
const INTERESTING_WORDS: [&str; 32] = [
    "",
    " ",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{1b}[31m",
    "\"",
    "'",
    "\"\"\"",
    "\\",
    "[",
    "]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "#",
    "-",
    "nan",
    "inf",
    "true",
    "0",
    "-1",
    "1e-320",
    "1e308",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
];

/// Changes lines or words of a text in a few places, now and then bytes; `other` is a text that parts are taken of.
pub fn mutate_text(text: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(4) {
        let is_in_part: fn(u8) -> bool = match numbers.below(8) {
            0 => {
                mutate(text, other, numbers);
                continue;
            }
            1..=3 => |byte| byte != b'\n',
            _ => |byte| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-+".contains(&byte),
        };
        let range = part(text, is_in_part, numbers);
        let own = text[range.clone()].to_vec();
        let (place, foreign) = (range.start, other[part(other, is_in_part, numbers)].to_vec());
        match numbers.below(8) {
            0 => drop(text.drain(range)),
            // Twice, or often enough to be deep.
            1 => {
                let times = if numbers.below(16) == 0 { 1 << numbers.below(10) } else { 1 };
                text.splice(place..place, own.repeat(times));
            }
            2 => drop(text.splice(place..place, foreign)),
            3 => {
                let target = part(text, is_in_part, numbers);
                text.splice(target, own);
            }
            4 => drop(text.splice(range, numbers.of_these(&INTERESTING_WORDS).bytes())),
            5 => drop(text.splice(place..place, numbers.of_these(&INTERESTING_WORDS).bytes())),
            _ => drop(text.splice(range, foreign)),
        }
    }
}

/// A part of a text: bytes that belong together with the one that ends them, or that one alone.
fn part(text: &[u8], is_in_part: fn(u8) -> bool, numbers: &mut Numbers) -> Range<usize> {
    let place = numbers.below(text.len());
    let start = text[..place].iter().rposition(|byte| !is_in_part(*byte)).map_or(0, |end| end + 1);
    let length = text[place..].iter().position(|byte| !is_in_part(*byte));
    let end = length.map_or(text.len(), |length| place + length);
    // Now and then with what separates it from the next.
    start..(end + numbers.below(2)).min(text.len())
}
