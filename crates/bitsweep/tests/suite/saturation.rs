//! What a format cannot hold is said: parameters that are stored far from the wanted ones, values that saturate.

use bitsweep_results::Flag;

use crate::harness::{flags, measures, run};

fn of_tensor(values: &str, quantize: &str) -> bitsweep_results::Records {
    run(&format!("title = 't'\n[tensor]\nname = 't'\n{values}\n[quantize.weights]\n{quantize}\n")).unwrap()
}

#[test]
fn scales_that_underflow_are_flagged_with_the_worst() {
    let rows = "values = [[1.0, -0.4], [1e-5, -4e-6], [1e-6, -4e-7], [1e-9, -4e-10]]";
    let records = of_tensor(rows, "bits = 8\ngranularity = 'row'\nscale_format = ['float', 'f16']");
    assert_eq!(flags(&records.results[1]), []);
    let [flag @ Flag::ParametersFarFromWanted { count: 3, wanted, stored }] = flags(&records.results[2])
    else {
        panic!("{:?}", flags(&records.results[2]));
    };
    assert!((wanted / (1e-9 / 127.0) - 1.0).abs() < 1e-6);
    assert_eq!(*stored, 2.0_f64.powi(-24));
    assert_eq!(
        flag.words(&records.results[2].origin.variant.choices, 1),
        "3 stored parameters are far from the wanted ones: 7.87e-12 became 5.96e-8 at worst"
    );
}

#[test]
fn values_beyond_any_format_without_scales_saturate_and_are_flagged() {
    let values = "values = [100000.0, 1.0, 0.5, -200000.0]";
    for (format, largest) in [("'f16'", 65_504.0), ("'fp8-e4m3'\nscale_format = 'none'", 448.0)] {
        let records = of_tensor(values, &format!("format = {format}"));
        let row = &records.results[1];
        assert_eq!(flags(row), [Flag::ValuesSaturated { count: 2, largest: 200_000.0 }], "{format}");
        assert_eq!(measures(row).error.max_error, 200_000.0 - largest, "{format}");
    }
}

#[test]
fn doubles_near_the_largest_number_have_the_ratio_of_any_other_unit() {
    let ratio = |unit: &str| {
        let values = format!("dtype = 'f64'\nvalues = [1.0{unit}, -1.5{unit}, 0.1{unit}, 1.7{unit}]");
        let records = of_tensor(&values, "bits = 4\nrange = ['min-max', 'mse']");
        [1, 2].map(|row| measures(&records.results[row]).error.sqnr_db)
    };
    let ordinary = ratio("e0");
    for unit in ["e308", "e-200", "e-300"] {
        for (found, expected) in ratio(unit).into_iter().zip(ordinary) {
            assert!((found - expected).abs() < 1e-9, "{unit}: {found} {expected}");
        }
    }
}
