/// Codes of `BITS` bits side by side, the first in the lowest bits.
struct Codes<const BITS: u32> {
    bytes: core::slice::Iter<'static, u8>,
    buffer: u32,
    left: u32,
}

impl<const BITS: u32> Codes<BITS> {
    fn new(bytes: &'static [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
            buffer: 0,
            left: 0,
        }
    }
}

impl<const BITS: u32> Iterator for Codes<BITS> {
    type Item = u16;

    #[inline]
    fn next(&mut self) -> Option<u16> {
        while self.left < BITS {
            self.buffer |= u32::from(*self.bytes.next()?) << self.left;
            self.left += 8;
        }
        let code = self.buffer & ((1 << BITS) - 1);
        self.buffer >>= BITS;
        self.left -= BITS;
        Some(code as u16)
    }
}
