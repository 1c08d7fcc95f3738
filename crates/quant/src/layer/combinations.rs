//! Which calibration methods and estimators combine with which schemes.

use crate::scheme::{CHOICES, Combination, SUBJECTS, Scheme, SchemeAxis, Verdict, of_schemes};

use super::calibration::{AdaRound, CalibrationMethod, Gptq, Hqq, LearnedScale};
use super::estimator::{check_learned_step, check_straight_through};

/// What combines with what: every kind of format beside the values of every axis, then every calibration method and every
/// gradient estimator beside every kind of format and, on the first kind it takes, beside the values of the other axes.
///
/// Every verdict is that of the check that guards the combination.
///
/// ```
/// use bitsweep_quant::{Verdict, combinations};
///
/// let table = combinations();
/// let find = |subject: &str, value: &str| {
///     let row = table.iter().find(|row| row.subject == subject && row.value == value);
///     row.unwrap().verdict.clone()
/// };
/// assert_eq!(find("nf, sf", "{ group = 32 }"), Verdict::Applies);
/// assert_eq!(find("f16", "{ group = 32 }"), Verdict::DoesNotApply);
/// assert!(matches!(find("vq", "{ group = 32 }"), Verdict::Refused { .. }));
/// assert!(matches!(find("method gptq", "nf, sf"), Verdict::Refused { .. }));
/// ```
#[must_use]
pub fn combinations() -> Vec<Combination> {
    let methods = [
        CalibrationMethod::Gptq(Gptq::default()),
        CalibrationMethod::AdaRound(AdaRound::default()),
        CalibrationMethod::Hqq(Hqq::default()),
        CalibrationMethod::Greedy,
        CalibrationMethod::LearnedScale(LearnedScale::default()),
    ];
    let methods = methods.iter().flat_map(|method| {
        rows(&format!("method {}", method.name()), &|scheme| Verdict::of(method.check(scheme)))
    });
    let straight_through =
        rows("estimator straight-through", &|scheme| Verdict::of(check_straight_through(scheme)));
    let learned_step = rows("estimator lsq", &|scheme| Verdict::of(check_learned_step(scheme).map(|_| ())));
    of_schemes().chain(methods).chain(straight_through).chain(learned_step).collect()
}

/// One subject beside every kind of format, then beside the choices that the first kind it takes combines with itself.
fn rows(subject: &str, verdict: &dyn Fn(&Scheme) -> Verdict) -> Vec<Combination> {
    let row = |axis, value, verdict| Combination { subject: subject.to_owned(), axis, value, verdict };
    let mut rows: Vec<Combination> =
        SUBJECTS.iter().map(|(kind, scheme)| row(SchemeAxis::Format, kind, verdict(scheme))).collect();
    if let Some((_, taken)) = SUBJECTS.iter().find(|(_, scheme)| verdict(scheme) == Verdict::Applies) {
        let combined = CHOICES.iter().map(|choice| (choice, (choice.of)(*taken)));
        let valid =
            combined.filter(|(choice, scheme)| taken.format.has(choice.axis) && scheme.check().is_ok());
        rows.extend(valid.map(|(choice, scheme)| row(choice.axis, choice.value, verdict(&scheme))));
    }
    rows
}
