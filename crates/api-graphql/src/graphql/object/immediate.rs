//! Events and occurrences in lists, which are resolved without futures.

use juniper::{
    ArcStr, Arguments, BoxFuture, ExecutionResult, Executor, GraphQLType, GraphQLValue, GraphQLValueAsync,
    Registry, ScalarValue, Selection,
    macros::reflect::{BaseSubTypes, BaseType, Type, Types, WrappedType, WrappedValue},
    marker::IsOutputType,
    meta::MetaType,
};

/// The fields of an event, an occurrence and what they contain that read data. All others are functions without futures.
const READING_FIELDS: [&str; 3] = ["occurrences", "registrations", "viewerRegistration"];

/// An event or an occurrence.
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
fn reads<S: ScalarValue, C>(selections: &[Selection<'_, S>], executor: &Executor<'_, '_, C, S>) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => {
            READING_FIELDS.contains(&field.item.name.item)
                || field.item.selection_set.as_ref().is_some_and(|inner| reads(inner, executor))
        }
        Selection::InlineFragment(fragment) => reads(&fragment.item.selection_set, executor),
        Selection::FragmentSpread(spread) => executor
            .fragment_by_name(spread.item.name.item)
            .is_none_or(|fragment| reads(&fragment.selection_set, executor)),
    })
}

impl<S, T> GraphQLValueAsync<S> for Immediate<T>
where
    S: ScalarValue + Send + Sync,
    T: GraphQLValueAsync<S>,
    T::Context: Sync,
    T::TypeInfo: Sync,
{
    fn resolve_async<'a>(
        &'a self,
        info: &'a Self::TypeInfo,
        selections: Option<&'a [Selection<'_, S>]>,
        executor: &'a Executor<'_, '_, Self::Context, S>,
    ) -> BoxFuture<'a, ExecutionResult<S>> {
        if selections.is_some_and(|selections| reads(selections, executor)) {
            return self.0.resolve_async(info, selections, executor);
        }
        Box::pin(std::future::ready(self.0.resolve(info, selections, executor)))
    }
}

impl<S: ScalarValue, T: GraphQLValue<S>> GraphQLValue<S> for Immediate<T> {
    type Context = T::Context;
    type TypeInfo = T::TypeInfo;

    fn type_name(&self, info: &Self::TypeInfo) -> Option<ArcStr> {
        self.0.type_name(info)
    }

    fn resolve_into_type(
        &self,
        info: &Self::TypeInfo,
        name: &str,
        selections: Option<&[Selection<'_, S>]>,
        executor: &Executor<'_, '_, Self::Context, S>,
    ) -> ExecutionResult<S> {
        self.0.resolve_into_type(info, name, selections, executor)
    }

    fn resolve_field(
        &self,
        info: &Self::TypeInfo,
        field: &str,
        arguments: &Arguments<'_, S>,
        executor: &Executor<'_, '_, Self::Context, S>,
    ) -> ExecutionResult<S> {
        self.0.resolve_field(info, field, arguments, executor)
    }

    fn resolve(
        &self,
        info: &Self::TypeInfo,
        selections: Option<&[Selection<'_, S>]>,
        executor: &Executor<'_, '_, Self::Context, S>,
    ) -> ExecutionResult<S> {
        self.0.resolve(info, selections, executor)
    }
}

impl<S: ScalarValue, T: GraphQLType<S>> GraphQLType<S> for Immediate<T> {
    fn name(info: &Self::TypeInfo) -> Option<ArcStr> {
        T::name(info)
    }

    fn meta(info: &Self::TypeInfo, registry: &mut Registry<S>) -> MetaType<S> {
        T::meta(info, registry)
    }
}

impl<S: ScalarValue, T: IsOutputType<S>> IsOutputType<S> for Immediate<T> {
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
