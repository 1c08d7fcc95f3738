impl<const BITS: u32> Codes<BITS> {
    /// Leaves what is left of a byte: the next code begins with one.
    #[inline]
    fn align(&mut self) {
        self.buffer = 0;
        self.left = 0;
    }
}
