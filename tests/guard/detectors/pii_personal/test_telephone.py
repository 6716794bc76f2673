"""Telephone numbers against the library whose tables are read: what the one gives out, the other gives out."""

import phonenumbers
import pytest

from stockade.guard.detectors.pii_personal.telephone import is_given_out, is_given_out_in, is_long_enough

EXAMPLES = [
    (region, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:])
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]


def test_every_countrys_example_is_given_out() -> None:
    missed = [(region, digits) for region, digits in EXAMPLES if not (is_given_out(digits) and is_long_enough(digits))]
    assert missed == []
    assert len(EXAMPLES) > 400


def test_a_changed_number_is_given_out_where_the_library_says_so() -> None:
    differ = []
    for region, digits in EXAMPLES:
        for changed in (digits[:3] + "1" + digits[3:], digits[:-2], digits[:4] + "0000" + digits[8:]):
            number = phonenumbers.parse("+" + changed)
            if is_given_out(changed) != phonenumbers.is_valid_number(number):
                differ.append((region, changed))
    assert len(differ) <= 3, differ  # a trunk prefix that is also the beginning of a number is read either way


@pytest.mark.parametrize("digits", ["", "0", "999123456789", "0441234567890", "1", "44"])
def test_no_calling_code_no_number(digits: str) -> None:
    assert not is_given_out(digits)
    assert not is_long_enough(digits)


def test_a_national_number_may_have_its_trunk_prefix() -> None:
    assert is_given_out_in(44, "02079460018")
    assert is_given_out_in(44, "2079460018")
    assert not is_given_out_in(44, "0999")
