//! Events, occurrences and registrations in lists, which are resolved without futures.

use juniper::{
    ArcStr, Arguments, BoxFuture, ExecutionResult, Executor, GraphQLType, GraphQLValue, GraphQLValueAsync,
    Registry, ScalarValue, Selection,
    macros::reflect::{BaseSubTypes, BaseType, Type, Types, WrappedType, WrappedValue},
    marker::IsOutputType,
    meta::MetaType,
};

/// The fields of these objects, and of what they contain, that read data. All others are functions without futures.
const READING_FIELDS: [&str; 6] =
    ["occurrence", "occurrences", "registrations", "viewerRegistration", "member", "waitlistPosition"];

/// An object that may have been read together with the value of a field that reads data otherwise.
pub trait Prefetched<S: ScalarValue>: GraphQLValue<S> {
    /// Resolves the field, if its value has been read.
    fn resolve_prefetched(
        &self,
        _field: &str,
        _executor: &Executor<'_, '_, Self::Context, S>,
    ) -> Option<ExecutionResult<S>> {
        None
    }

    /// Returns true if the value of the field has been read.
    fn has(&self, _field: &str) -> bool {
        false
    }
}

/// An event, an occurrence or a registration.
///
/// For each field of an object, Juniper makes and polls several boxed futures, also if the field reads nothing. If no selected
/// field reads data, this object is resolved by Juniper's functions without futures instead, with the same result.
#[derive(Clone, Debug)]
pub struct Immediate<T>(T);

impl<T> From<T> for Immediate<T> {
    fn from(object: T) -> Self {
        Self(object)
    }
}

/// Tests whether a field of the selection, at any depth, reads data. The validation has refused circular fragments.
fn reads<S: ScalarValue, T: Prefetched<S>>(
    object: &T,
    selections: &[Selection<'_, S>],
    executor: &Executor<'_, '_, T::Context, S>,
) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => {
            let name = field.item.name.item;
            (READING_FIELDS.contains(&name) && !object.has(name))
                || field.item.selection_set.as_ref().is_some_and(|inner| reads(object, inner, executor))
        }
        Selection::InlineFragment(fragment) => reads(object, &fragment.item.selection_set, executor),
        Selection::FragmentSpread(spread) => executor
            .fragment_by_name(spread.item.name.item)
            .is_none_or(|fragment| reads(object, &fragment.selection_set, executor)),
    })
}

impl<S, T> GraphQLValueAsync<S> for Immediate<T>
where
    S: ScalarValue + Send + Sync,
    T: Prefetched<S> + GraphQLValueAsync<S>,
    T::Context: Sync,
    T::TypeInfo: Sync,
{
    fn resolve_async<'a>(
        &'a self,
        info: &'a Self::TypeInfo,
        selections: Option<&'a [Selection<'_, S>]>,
        executor: &'a Executor<'_, '_, Self::Context, S>,
    ) -> BoxFuture<'a, ExecutionResult<S>> {
        if selections.is_some_and(|selections| reads(&self.0, selections, executor)) {
            return self.0.resolve_async(info, selections, executor);
        }
        Box::pin(std::future::ready(self.resolve(info, selections, executor)))
    }
}

impl<S: ScalarValue, T: Prefetched<S>> GraphQLValue<S> for Immediate<T> {
    type Context = T::Context;
    type TypeInfo = T::TypeInfo;

    fn type_name(&self, info: &Self::TypeInfo) -> Option<ArcStr> {
        self.0.type_name(info)
    }

    fn resolve_field(
        &self,
        info: &Self::TypeInfo,
        field: &str,
        arguments: &Arguments<'_, S>,
        executor: &Executor<'_, '_, Self::Context, S>,
    ) -> ExecutionResult<S> {
        let prefetched = self.0.resolve_prefetched(field, executor);
        prefetched.unwrap_or_else(|| self.0.resolve_field(info, field, arguments, executor))
    }

    fn concrete_type_name(&self, context: &Self::Context, info: &Self::TypeInfo) -> String {
        self.0.concrete_type_name(context, info)
    }
}

impl<S: ScalarValue, T: Prefetched<S> + GraphQLType<S>> GraphQLType<S> for Immediate<T> {
    fn name(info: &Self::TypeInfo) -> Option<ArcStr> {
        T::name(info)
    }

    fn meta(info: &Self::TypeInfo, registry: &mut Registry<S>) -> MetaType<S> {
        T::meta(info, registry)
    }
}

impl<S: ScalarValue, T: Prefetched<S> + IsOutputType<S>> IsOutputType<S> for Immediate<T> {
    fn mark() {
        T::mark();
    }
}

impl<S, T: BaseType<S>> BaseType<S> for Immediate<T> {
    const NAME: Type = T::NAME;
}

impl<S, T: BaseSubTypes<S>> BaseSubTypes<S> for Immediate<T> {
    const NAMES: Types = T::NAMES;
}

impl<S, T: WrappedType<S>> WrappedType<S> for Immediate<T> {
    const VALUE: WrappedValue = T::VALUE;
}
