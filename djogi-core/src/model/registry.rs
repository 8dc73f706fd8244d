//! How descriptors reach djogi. The derive registers each model at link time; a [`DescriptorProvider`] adds
//! models that come from elsewhere. The order of a link is arbitrary, so what leaves here is sorted.

use super::descriptor::{ModelDescriptor, TableName};
use super::object::ObjectDescriptor;

/// A struct whose rows are those of a table or a view. Derive it; the constants are for djogi.
pub trait Model {
    /// Apart from [`Self::DESCRIPTOR`], so that two models may reference each other.
    const TABLE: TableName;
    const DESCRIPTOR: &'static ModelDescriptor;
}

/// A model whose rows are stored, so that others can reference them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a djogi model of a table, so nothing can reference it",
    label = "not a model of a table",
    note = "add `#[derive(djogi_core::Model)]` to `{Self}`, or name the table: `references = \"schema.table\"`",
    note = "a view has no rows of its own: reference the table that they come from"
)]
pub trait Referenced: Model {
    const TABLE: TableName = <Self as Model>::TABLE;
}

/// What the derive submits.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration(pub &'static ModelDescriptor);

inventory::collect!(Registration);

/// What `schema!`, `extension!` and `sequence!` submit.
#[doc(hidden)]
#[derive(Debug)]
pub struct ObjectRegistration(pub &'static ObjectDescriptor);

inventory::collect!(ObjectRegistration);

/// A source of declarations besides the derives and macros, such as a plug-in or a generator.
pub trait DescriptorProvider {
    fn models(&self) -> Vec<&'static ModelDescriptor>;

    /// Schemas, extensions and sequences.
    fn objects(&self) -> Vec<&'static ObjectDescriptor> {
        Vec::new()
    }
}

/// The declarations of every crate that is linked into this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkedModels;

impl DescriptorProvider for LinkedModels {
    fn models(&self) -> Vec<&'static ModelDescriptor> {
        inventory::iter::<Registration>.into_iter().map(|registration| registration.0).collect()
    }

    fn objects(&self) -> Vec<&'static ObjectDescriptor> {
        inventory::iter::<ObjectRegistration>.into_iter().map(|registration| registration.0).collect()
    }
}

/// The models of all providers, sorted by target, table and place in the source.
pub fn models(providers: &[&dyn DescriptorProvider]) -> Vec<&'static ModelDescriptor> {
    let mut models: Vec<_> = providers.iter().flat_map(|provider| provider.models()).collect();
    models.sort_by_key(|model| (model.target, model.table.schema(), model.table.name, model.source));
    // A provider may pass on what is linked anyway.
    models.dedup_by(|a, b| std::ptr::eq(*a, *b));
    models
}

/// The other objects of all providers, sorted by target, name and place in the source.
pub fn objects(providers: &[&dyn DescriptorProvider]) -> Vec<&'static ObjectDescriptor> {
    let mut objects: Vec<_> = providers.iter().flat_map(|provider| provider.objects()).collect();
    objects.sort_by_key(|object| (object.target, object.name(), object.source));
    objects.dedup_by(|a, b| std::ptr::eq(*a, *b));
    objects
}

/// Links library crates whose models would otherwise be left out, because nothing else in the
/// program names the crate. Write it in the binary: `djogi_core::link_anchor!(shop, billing);`
#[macro_export]
macro_rules! link_anchor {
    ($($krate:ident),* $(,)?) => {
        $(use $krate as _;)*
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptor::Source;

    static LATER: ModelDescriptor = model("later", 1);
    static EARLIER: ModelDescriptor = model("earlier", 2);

    const fn model(table: &'static str, line: u32) -> ModelDescriptor {
        let source = Source { package: "p", file: "src/lib.rs", line };
        ModelDescriptor::new("M", source, TableName::new(None, table))
    }

    struct Injected;

    impl DescriptorProvider for Injected {
        fn models(&self) -> Vec<&'static ModelDescriptor> {
            vec![&LATER, &EARLIER, &LATER]
        }
    }

    #[test]
    fn injected_models_arrive_once_and_sorted_by_table() {
        let names: Vec<_> = models(&[&Injected]).iter().map(|model| model.table.name).collect();
        assert_eq!(names, ["earlier", "later"]);
    }
}
