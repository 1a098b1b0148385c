//! Equality and order of records and lists, and the walk over a list's items.

use std::any::TypeId;
use std::sync::Arc;

use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext, RhaiFunc, Shared};

use super::super::context::NativeFunction;
use super::{Handle, List, Record, as_list, with_record};

/// The operators, made once and put in for each type: for any two values they would hide Rhai's own.
pub struct Operators {
    equal: Shared<NativeFunction>,
    unequal: Shared<NativeFunction>,
    less: Shared<NativeFunction>,
    greater: Shared<NativeFunction>,
}

impl Operators {
    /// The operators.
    pub fn new() -> Self {
        let made = |operator: fn(&Dynamic, &Dynamic) -> bool| -> Shared<NativeFunction> {
            Arc::new(move |_: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
                let [left, right] = args else { return Ok(false.into()) };
                Ok(operator(left, right).into())
            })
        };
        Self {
            equal: made(equal),
            unequal: made(|left, right| !equal(left, right)),
            less: made(|left, right| compared(left, right).is_some_and(std::cmp::Ordering::is_lt)),
            greater: made(|left, right| compared(left, right).is_some_and(std::cmp::Ordering::is_gt)),
        }
    }

    /// Puts in what records of `T` have.
    pub fn of_record<T: Record>(&self, module: &mut Module) {
        module.set_custom_type::<Handle<T>>(T::NAME);
        let of = TypeId::of::<Handle<T>>();
        put(module, "==", of, &self.equal);
        put(module, "!=", of, &self.unequal);
        put(module, "<", of, &self.less);
        put(module, ">", of, &self.greater);
    }

    /// Puts in what lists of `T` have.
    pub fn of_list<T: Record>(&self, module: &mut Module) {
        module.set_custom_type::<List<T>>(T::LIST);
        let of = TypeId::of::<List<T>>();
        module.set_iter(of, |list| {
            let list = list.cast::<List<T>>();
            Box::new((0..list.items().len()).map(move |index| Dynamic::from(list.items()[index].clone())))
        });
        put(module, "==", of, &self.equal);
        put(module, "!=", of, &self.unequal);
    }
}

fn put(module: &mut Module, name: &'static str, of: TypeId, func: &Shared<NativeFunction>) {
    let func =
        RhaiFunc::Method { func: Shared::clone(func), has_context: false, is_pure: true, is_volatile: false };
    FuncRegistration::new(name).set_into_module_raw(module, [of, of], func);
}

fn equal(left: &Dynamic, right: &Dynamic) -> bool {
    with_record(left, |record| record.equals(right))
        .or_else(|| as_list(left).map(|list| list.equals(right)))
        .unwrap_or(false)
}

fn compared(left: &Dynamic, right: &Dynamic) -> Option<std::cmp::Ordering> {
    with_record(left, |record| record.compare(right)).flatten()
}
