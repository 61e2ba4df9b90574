use juniper::{
    ArcStr, FromInputValue, GraphQLType, GraphQLValue, InputValue, Registry, ScalarValue, ToInputValue,
    macros::reflect::{BaseSubTypes, BaseType, Type, Types, WrappedType, WrappedValue},
    marker::IsInputType,
    meta::MetaType,
};

/// A value of an enum, for fields that have one as their default.
///
/// Juniper prints the default of an enum as a string, in quotes, which no client accepts as a value of the enum.
/// This type prints it as a name. In every other respect it is the enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<T>(pub T);

impl<T, S: ScalarValue> GraphQLType<S> for Choice<T>
where
    T: GraphQLType<S>,
{
    fn name(info: &Self::TypeInfo) -> Option<ArcStr> {
        T::name(info)
    }

    fn meta(info: &Self::TypeInfo, registry: &mut Registry<S>) -> MetaType<S> {
        T::meta(info, registry)
    }
}

impl<T, S: ScalarValue> GraphQLValue<S> for Choice<T>
where
    T: GraphQLValue<S>,
{
    type Context = T::Context;
    type TypeInfo = T::TypeInfo;

    fn type_name(&self, info: &Self::TypeInfo) -> Option<ArcStr> {
        self.0.type_name(info)
    }
}

impl<T: IsInputType<S>, S: ScalarValue> IsInputType<S> for Choice<T> {}

impl<T: BaseType<S>, S> BaseType<S> for Choice<T> {
    const NAME: Type = T::NAME;
}

impl<T: BaseSubTypes<S>, S> BaseSubTypes<S> for Choice<T> {
    const NAMES: Types = T::NAMES;
}

impl<T: WrappedType<S>, S> WrappedType<S> for Choice<T> {
    const VALUE: WrappedValue = T::VALUE;
}

impl<T: FromInputValue<S>, S> FromInputValue<S> for Choice<T> {
    type Error = T::Error;

    fn from_input_value(value: &InputValue<S>) -> Result<Self, Self::Error> {
        T::from_input_value(value).map(Self)
    }
}

impl<T: ToInputValue<S>, S: ScalarValue> ToInputValue<S> for Choice<T> {
    fn to_input_value(&self) -> InputValue<S> {
        match self.0.to_input_value() {
            InputValue::Scalar(name) => InputValue::enum_value(name.to_string()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::object::Role;

    #[test]
    fn a_choice_is_written_as_a_name() {
        let value: InputValue = Choice(Role::Member).to_input_value();
        assert_eq!(value, InputValue::enum_value("MEMBER"));
        assert_eq!(Choice::<Role>::from_input_value(&value), Ok(Choice(Role::Member)));
    }
}
