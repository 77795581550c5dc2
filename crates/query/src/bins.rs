//! Bins of time: calendar years, calendar months, and runs of days, all in UTC. Exact for every int64.

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;
/// Days in 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// How time is cut into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bins {
    /// Calendar years. The number of a bin is the year.
    Years,
    /// Calendar months. The number of a bin is 12 times the year, plus the month from 0.
    Months,
    /// Runs of this number of days (1 or more). Run 0 begins on 1970-01-01.
    Days(i64),
}

/// A bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// Its number. Consecutive bins have consecutive numbers.
    pub number: i64,
    /// Its first and last microsecond that fit int64.
    pub first: i64,
    pub last: i64,
}

/// The year and the month (from 0) of a day, counted from 1970-01-01. Source: Howard Hinnant,
/// "chrono-compatible low-level date algorithms".
fn month_of(day: i64) -> (i64, i64) {
    let day = day + EPOCH;
    let era = day.div_euclid(ERA);
    let of_era = day.rem_euclid(ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // 0 is March.
    let month = (5 * of_year + 2) / 153;
    (year + era * 400 + i64::from(month >= 10), (month + 2) % 12)
}

/// The day, counted from 1970-01-01, on which a month (from 0) begins.
fn first_day(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month < 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 10) % 12) + 2) / 5;
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

impl Bins {
    /// The bin of a time.
    pub fn at(self, time: i64) -> Bin {
        let day = time.div_euclid(DAY);
        let number = match self {
            Bins::Years => month_of(day).0,
            Bins::Months => {
                let (year, month) = month_of(day);
                year * 12 + month
            }
            Bins::Days(days) => day.div_euclid(days),
        };
        let last = i128::from(self.day(number + 1)) * i128::from(DAY) - 1;
        Bin { number, first: self.start(number), last: i64::try_from(last).unwrap_or(i64::MAX) }
    }

    /// The first microsecond of a bin; the int64 minimum where the bin begins earlier.
    pub fn start(self, number: i64) -> i64 {
        self.day(number).checked_mul(DAY).unwrap_or(i64::MIN)
    }

    /// The first day of a bin.
    fn day(self, number: i64) -> i64 {
        match self {
            Bins::Years => first_day(number, 0),
            Bins::Months => first_day(number.div_euclid(12), number.rem_euclid(12)),
            Bins::Days(days) => number * days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_leap(year: i64) -> bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    #[test]
    fn years_and_months_follow_each_other_as_in_a_calendar() {
        let months = |year| [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut day = -719_528; // 0000-01-01
        for year in 0..3000 {
            assert_eq!(Bins::Years.start(year), day * DAY);
            for (month, days) in (0..).zip(months(year)) {
                let number = year * 12 + month;
                let bin = Bin { number, first: day * DAY, last: (day + days) * DAY - 1 };
                assert_eq!((Bins::Months.at(bin.first), Bins::Months.at(bin.last)), (bin, bin));
                assert_eq!((Bins::Years.at(bin.first).number, Bins::Years.at(bin.last).number), (year, year));
                day += days;
            }
        }
    }

    proptest! {
        #[test]
        fn every_time_is_in_its_bin(time: i64, near in -10 * DAY..10 * DAY, days in 1i64..400, ends: bool) {
            for bins in [Bins::Years, Bins::Months, Bins::Days(1), Bins::Days(days)] {
                for time in [time, near, if ends { i64::MIN } else { i64::MAX }] {
                    let bin = bins.at(time);
                    prop_assert!(bin.first <= time && time <= bin.last);
                    prop_assert_eq!(bins.start(bin.number), bin.first);
                    prop_assert_eq!(bins.at(bin.first), bin);
                    prop_assert_eq!(bins.at(bin.last), bin);
                    if bin.last < i64::MAX {
                        prop_assert_eq!(bins.at(bin.last + 1).number, bin.number + 1);
                        prop_assert_eq!(bins.at(bin.last + 1).first, bin.last + 1);
                    }
                }
            }
            let day = i128::from(near).div_euclid(i128::from(DAY));
            prop_assert_eq!(i128::from(Bins::Days(days).at(near).number), day.div_euclid(i128::from(days)));
        }
    }
}
