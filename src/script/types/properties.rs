//! The getters and texts of records, once for records of every type.

use std::collections::HashSet;

use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext};

use super::super::context::Context;
use super::super::raised::{Raised, Result};
use super::super::render;
use super::{as_list, missing, name, with_record};

type Native<'a> = NativeCallContext<'a>;

/// Puts the getters called `names`, and the texts of records and lists, into `module`.
pub fn register(module: &mut Module, names: HashSet<&'static str>) {
    for name in names {
        // Some of them ask the workbench, so none is taken to give the same twice.
        FuncRegistration::new_getter(name).with_volatility(true).set_into_module(
            module,
            move |native: Native<'_>, value: &mut Dynamic| -> Result<Dynamic> {
                let got = with_record(value, |record| match record.field(name) {
                    Some(value) => Ok(Some(value)),
                    None => record.noun(&Context::of(&native)?, name).transpose(),
                });
                got.transpose()?.flatten().ok_or_else(|| missing::property(&native, name, value))
            },
        );
    }
    register_texts(module);
    register_tag(module);
}

fn register_texts(module: &mut Module) {
    FuncRegistration::new("to_string").set_into_module(module, |native: Native<'_>, value: &mut Dynamic| {
        let text = with_record(value, |record| record.brief());
        text.or_else(|| as_list(value).map(|_| render::plain(value)))
            .unwrap_or_else(|| foreign(&native, format_args!("{value}")))
    });
    FuncRegistration::new("to_debug").set_into_module(module, |native: Native<'_>, value: &mut Dynamic| {
        let text = with_record(value, |record| record.debug());
        text.or_else(|| as_list(value).map(|list| list.debug()))
            .unwrap_or_else(|| foreign(&native, format_args!("{value:?}")))
    });
}

/// What Rhai says of values of other types.
fn foreign(native: &Native<'_>, text: std::fmt::Arguments<'_>) -> String {
    native.engine().map_type_name(&text.to_string()).to_owned()
}

/// Every Rhai value has a `tag`; on ours it would be mistaken for an image's tag.
fn register_tag(module: &mut Module) {
    FuncRegistration::new_getter("tag").set_into_module(module, |value: &mut Dynamic| -> Result<Dynamic> {
        refuse_tag(value)?;
        Ok(i64::from(value.tag()).into())
    });
    // Rhai's own takes numbers, and would be preferred for them.
    FuncRegistration::new_setter("tag").set_into_module(
        module,
        |native: Native<'_>, value: &mut Dynamic, to: i64| -> Result<()> {
            set_tag(&native, value, &to.into())
        },
    );
    FuncRegistration::new_setter("tag")
        .set_into_module(module, |native: Native<'_>, value: &mut Dynamic, to: Dynamic| -> Result<()> {
            set_tag(&native, value, &to)
        });
}

fn set_tag(native: &Native<'_>, value: &mut Dynamic, to: &Dynamic) -> Result<()> {
    refuse_tag(value)?;
    let number = to.as_int().map_err(|_| missing::setter(native, "tag", value, to))?;
    let tag = number
        .try_into()
        .map_err(|_| Raised::invalid(format!("{number} is too large or too small for a tag")))?;
    value.set_tag(tag);
    Ok(())
}

fn refuse_tag(value: &Dynamic) -> Result<()> {
    if with_record(value, |_| ()).is_none() && as_list(value).is_none() {
        return Ok(());
    }
    let message = format!("a value of type `{}` has no property `tag`", name(value));
    Err(Raised::invalid(message)
        .with_hint("an image's names are `image.references`; `tag(image, \"name:tag\")` gives it one more")
        .into())
}
