//! The sets of instructions that kernels are written for by hand.

use std::sync::OnceLock;

use crate::is_off;

/// A set of instructions that kernels on packed codes are written for. All of them compute the same bits.
///
/// | set | what it takes of the processor |
/// |---|---|
/// | [`Portable`](Self::Portable) | nothing |
/// | [`Avx2`](Self::Avx2) | AVX2 and FMA |
/// | [`Avx512Bw`](Self::Avx512Bw) | those, and AVX-512 F, BW, DQ and VL |
/// | [`Avx512Vnni`](Self::Avx512Vnni) | those, and AVX-512 VNNI |
/// | [`Neon`](Self::Neon) | NEON, on 64-bit Arm |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// Loops without vector instructions of their own.
    Portable,
    /// 256 bits, sums of pairs of products of 8 bits.
    Avx2,
    /// 512 bits, sums of pairs of products of 8 bits.
    Avx512Bw,
    /// 512 bits, sums of four products of 8 bits.
    Avx512Vnni,
    /// 128 bits of 64-bit Arm.
    Neon,
}

impl Instructions {
    /// All of them, on whatever processor.
    pub const ALL: [Self; 5] = [Self::Portable, Self::Avx2, Self::Avx512Bw, Self::Avx512Vnni, Self::Neon];

    /// The best that the processor has; [`Portable`](Self::Portable) where [`VARIABLE`](crate::VARIABLE) is `none`. It is looked up once.
    #[inline]
    #[must_use]
    pub fn best() -> Self {
        static CHOSEN: OnceLock<Instructions> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let best = [Self::Avx512Vnni, Self::Avx512Bw, Self::Avx2, Self::Neon];
            let best = best.into_iter().find(|set| !is_off() && set.is_available());
            best.unwrap_or(Self::Portable)
        })
    }

    /// Those that the processor has, [`Portable`](Self::Portable) first. The environment has no say.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.is_available())
    }

    /// Whether the processor has them.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => has_avx2(),
            Self::Avx512Bw => has_avx2() && has_avx512bw(),
            Self::Avx512Vnni => has_avx2() && has_avx512bw() && has_avx512vnni(),
            Self::Neon => has_neon(),
        }
    }

    /// What it is called in tables: `avx512-vnni`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512Bw => "avx512-bw",
            Self::Avx512Vnni => "avx512-vnni",
            Self::Neon => "neon",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512bw() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512vnni() -> bool {
    is_x86_feature_detected!("avx512vnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512bw() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512vnni() -> bool {
    false
}

#[cfg(target_arch = "aarch64")]
fn has_neon() -> bool {
    std::arch::is_aarch64_feature_detected!("neon")
}

#[cfg(not(target_arch = "aarch64"))]
fn has_neon() -> bool {
    false
}
