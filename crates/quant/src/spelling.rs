//! How choices with settings are written: a name where the defaults are meant, a table where they are not.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::{fmt, iter};

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IgnoredAny, IntoDeserializer, MapAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde::ser::{Serialize, Serializer};

/// Whether a value is the neutral one of its axis or setting, which a canonical form leaves out.
#[must_use]
pub fn is_neutral<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a variant as its name where its settings are the defaults, else as a table of those that differ.
///
/// `variant` is the position of the variant in the enum `of`.
///
/// # Errors
/// Those of the serializer.
pub fn name_or_table<S, T>(
    serializer: S,
    of: &'static str,
    variant: u32,
    name: &'static str,
    settings: &T,
) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    T: Serialize + Default + PartialEq,
{
    if is_neutral(settings) {
        serializer.serialize_unit_variant(of, variant, name)
    } else {
        serializer.serialize_newtype_variant(of, variant, name, settings)
    }
}

/// A deserializer for enums some of whose variants have settings: reads `"gptq"` as well as
/// `{ gptq = { damp = 0.1 } }`, the name alone standing for an empty table of settings.
///
/// A derived `Deserialize` refuses the name of a variant that has settings. With `#[serde(remote = "Self")]` the derived
/// function can be given this deserializer:
///
/// ```
/// use bitsweep_quant::spelling::NameOrTable;
/// use serde::{Deserialize, Deserializer};
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// #[serde(remote = "Self", rename_all = "kebab-case")]
/// enum Method {
///     Nearest,
///     Damped(Damping),
/// }
///
/// #[derive(Debug, Default, PartialEq, Deserialize)]
/// #[serde(default, deny_unknown_fields)]
/// struct Damping {
///     damp: f64,
/// }
///
/// impl<'de> Deserialize<'de> for Method {
///     fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
///         Self::deserialize(NameOrTable::new(deserializer, "a method"))
///     }
/// }
///
/// let method = |text: &str| serde_json::from_str::<Method>(text).unwrap();
/// assert_eq!(method("\"nearest\""), Method::Nearest);
/// assert_eq!(method("\"damped\""), Method::Damped(Damping { damp: 0.0 }));
/// assert_eq!(method("{\"damped\":{\"damp\":0.1}}"), Method::Damped(Damping { damp: 0.1 }));
/// ```
pub struct NameOrTable<D> {
    deserializer: D,
    expected: &'static str,
}

impl<D> NameOrTable<D> {
    /// Reads from `deserializer`; `expected` ends the sentence of an error: "expected a method's name, or a table …".
    pub const fn new(deserializer: D, expected: &'static str) -> Self {
        Self { deserializer, expected }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for NameOrTable<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserializer.deserialize_any(Choice { visitor, expected: self.expected })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Hands a name or a table of one key to the visitor of an enum.
struct Choice<V> {
    visitor: V,
    expected: &'static str,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Choice<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        self.visitor.visit_enum(NameAlone { name, error: PhantomData })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::invalid_length(0, &self.expected));
        };
        let value = self.visitor.visit_enum(Table { name, map: &mut map })?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::invalid_length(2, &self.expected)),
        }
    }
}

/// A variant of which nothing but the name is written.
struct NameAlone<'a, E> {
    name: &'a str,
    error: PhantomData<E>,
}

impl<'de, E: Error> EnumAccess<'de> for NameAlone<'_, E> {
    type Error = E;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), E> {
        let name: StrDeserializer<'_, E> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, E: Error> VariantAccess<'de> for NameAlone<'_, E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, E> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, E> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        self.deserialize_struct("", fields, visitor)
    }
}

/// The settings of a name alone: an empty table, and nothing else.
impl<'de, E: Error> Deserializer<'de> for NameAlone<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        let expected: &dyn Expected = &visitor;
        Err(E::custom(format_args!("`{}` needs a value beside its name: expected {expected}", self.name)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, E> {
        let none: MapDeserializer<'_, iter::Empty<(&str, bool)>, E> = MapDeserializer::new(iter::empty());
        let settings = visitor.visit_map(none);
        settings.map_err(|error| E::custom(format_args!("`{}` needs settings: {error}", self.name)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A variant that is the one key of a table.
struct Table<'a, A> {
    name: String,
    map: &'a mut A,
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Table<'_, A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), A::Error> {
        let name: StrDeserializer<'_, A::Error> = self.name.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Table<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        Err(A::Error::custom(format_args!("`{}` has no settings: expected the name alone", self.name)))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Value(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(Value(visitor))
    }
}

/// Reads whatever value there is with a visitor.
struct Value<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Value<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

/// Writes settings as a table of those that differ from the defaults, zeros without a sign.
macro_rules! serialize_unusual {
    ($settings:ident { $($field:ident),* }) => {
        impl serde::Serialize for $settings {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;

                let usual = Self::default();
                let mut table = serializer.serialize_map(None)?;
                $(if self.$field != usual.$field {
                    table.serialize_entry(stringify!($field), &crate::spelling::Setting::written(self.$field))?;
                })*
                table.end()
            }
        }
    };
}

pub(crate) use serialize_unusual;

/// A setting as it is written: equal ones alike.
pub(crate) trait Setting: Copy + Serialize {
    /// The one spelling of equal values.
    fn written(self) -> Self {
        self
    }
}

impl Setting for bool {}
impl Setting for u32 {}
impl Setting for NonZeroUsize {}
impl Setting for f64 {
    fn written(self) -> Self {
        // -0 becomes 0.
        self + 0.0
    }
}
