//! `Json<T>`: a value of any serialisable type in one `jsonb` column.

use serde::{Deserialize, Serialize};

/// A value stored as `jsonb`. With the feature `postgres-types` it can be bound to statements and read from rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

#[cfg(feature = "postgres-types")]
mod postgres {
    use std::error::Error;
    use std::fmt;

    use bytes::BytesMut;
    use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
    use serde::{Deserialize, Serialize};

    use super::Json;

    type Conversion<T> = Result<T, Box<dyn Error + Sync + Send>>;

    impl<'a, T: Deserialize<'a>> FromSql<'a> for Json<T> {
        fn from_sql(ty: &Type, raw: &'a [u8]) -> Conversion<Self> {
            postgres_types::Json::from_sql(ty, raw).map(|json| Self(json.0))
        }

        fn accepts(ty: &Type) -> bool {
            <postgres_types::Json<T> as FromSql>::accepts(ty)
        }
    }

    impl<T: Serialize + fmt::Debug> ToSql for Json<T> {
        fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Conversion<IsNull> {
            postgres_types::Json(&self.0).to_sql(ty, out)
        }

        fn accepts(ty: &Type) -> bool {
            <postgres_types::Json<&T> as ToSql>::accepts(ty)
        }

        to_sql_checked!();
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_value_survives_the_way_into_a_column_and_back() {
            let mut column = BytesMut::new();
            Json(vec![1, 2]).to_sql(&Type::JSONB, &mut column).unwrap();
            assert_eq!(Json::<Vec<i32>>::from_sql(&Type::JSONB, &column).unwrap(), Json(vec![1, 2]));
            assert!(!<Json<i32> as ToSql>::accepts(&Type::TEXT));
        }
    }
}
