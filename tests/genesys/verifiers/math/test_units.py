"""Units behind a value: where they stand, which are the same, which convert, and which contradict each other."""

import subprocess
import sys
import time
from fractions import Fraction

import pytest

from genesys.verifiers.math.measures import Factor
from genesys.verifiers.math.text import clean
from genesys.verifiers.math.units import Different, Same, compare_units, split_unit


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        # in text commands of every habit
        (r"5 \text{ cm}", "5", "cm"),
        (r"5\,\mathrm{cm}", "5", "cm"),
        (r"12 \mathrm{~cm}", "12", "cm"),
        (r"10\pi\text{ cm}^2", r"10\pi", "cm^2"),
        (r"\frac{49}{3}\pi \text{ cubic meters}", r"\frac{49}{3}\pi", "m^3"),
        (r"2.653 \ \mathrm{m}", "2.653", "m"),
        (r"60 \mathrm{~km\cdot h^{-1}}", "60", "km/h"),
        (r"8.3\,\mathrm{J\cdot mol^{-1}\cdot K^{-1}}", "8.3", "J/(mol K)"),
        (r"9.8 \frac{\text{m}}{\text{s}^2}", "9.8", "m/s^2"),
        (r"5 \text{ k}\Omega", "5", r"k\Omega"),
        (r"2x \text{ dollars}", "2x", "dollars"),
        (r"x = 5 \text{ cm}", "x = 5", "cm"),
        (r"1.5 \times 10^{-3} \text{ mol/L}", r"1.5 \times 10^{-3}", "mol/L"),
        (r"2.5 \; \mu\text{F}", "2.5", r"\mu F"),
        (r"180 {\rm cm}", "180", "cm"),
        (r"\text{5 cm}", "5", "cm"),
        (r"20\text{ min}", "20", "minutes"),
        (r"\binom{5}{2} \text{ ways}", r"\binom{5}{2}", "ways"),
        # bare
        ("5 cm", "5", "cm"),
        ("5cm^2", "5", "cm^2"),
        ("5 cm²", "5", "cm^2"),
        ("12 sq. cm", "12", "cm^2"),
        ("12 m^{3}", "12", "m^3"),
        ("60 miles per hour", "60", "mph"),
        (r"9.8 m\,s^{-2}", "9.8", "m/s^2"),
        ("3 m", "3", "m"),
        (r"4\sqrt{3} m", r"4\sqrt{3}", "m"),
        ("12 km apart", "12", "km"),
        ("12 feet of fence", "12", "ft"),
        # angles and temperatures
        (r"45^\circ", "45", "degrees"),
        (r"45^{\circ}", "45", "degrees"),
        ("45°", "45", "degrees"),
        (r"25^\circ \text{C}", "25", "degrees Celsius"),
        ("77°F", "77", "degrees Fahrenheit"),
        # money
        (r"\$12", "12", "dollars"),
        (r"-\$5", "-5", "dollars"),
        ("€12", "12", "euros"),
        (r"12 \, \text{€}", "12", "euros"),
        ("Rs. 500", "500", "rupees"),
        (r"\$2.50 \text{ per hour}", "2.50", "dollars per hour"),
        # counted things
        (r"40 \ \text{chocolate candies}", "40", "candies"),
        ("5 apples", "5", "apples"),
        ("15th Day", "15", "days"),
        ("5 percentage points", "5", "percentage points"),
        ("3:30 pm", "3:30", "p.m."),
    ],
)
def test_a_unit_ends_or_opens_a_value(text: str, value: str, unit: str) -> None:
    found_value, found_unit = split_unit(clean(text))
    assert found_value == value
    assert compare_units(unit, found_unit) == Same()


@pytest.mark.parametrize(
    "text",
    [
        "5x",
        "3m",  # a product, where m is a variable
        "x^2 + 2 m",
        "a b",
        "abc",
        "5 abc",
        r"5 \text{ or } 6",
        r"x \text{ even}",
        r"2 \text{ if } n",
        r"L = 1 \text{ or } L \text{ even}",
        r"2k \text{ for any integer } k",
        r"n^2 \text{ is prime}",
        r"5, \text{garbage}",
        r"5 \text{ at least}",
        r"1-\frac{1}{\mathrm{e}}",
        r"2\mathrm{e}",
        r"3+2\mathrm{i}",
        r"x^2 + \mathrm{C}",
        r"5 \log x",
        r"A \cup B",
        r"\text{Yes}",
        r"\mathbb{R}",
        r"5\%",
        "28 percent",
        "28 pct",
        r"28 \text{ per cent}",
        r"\sin 30^\circ",  # the degrees belong to the argument
        r"180^\circ - \alpha",
        r"(45^\circ, 60^\circ)",
        "7 R 2",
        "5 cm or 6 cm",
        r"5 \text{ cm}, 4 \text{ cm}",
        r"4 \text{ cm} \times 5 \text{ cm}",
        r"\frac{1}{ x}",
        "12",
        "",
    ],
)
def test_what_is_no_unit_is_not_eaten(text: str) -> None:
    assert split_unit(clean(text))[1] == ""


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        (r"60^\circ 42'", Fraction(607, 10), "degrees"),
        (r"60^{\circ}42^{\prime}30''", Fraction(60) + Fraction(42, 60) + Fraction(30, 3600), "degrees"),
        (r"-1^\circ 30'", Fraction(-3, 2), "degrees"),
        ("2 hours 30 minutes", Fraction(150), "minutes"),
        (r"2 \text{ hours and } 30 \text{ minutes}", Fraction(150), "minutes"),
        (r"5 \text{ feet } 3 \text{ inches}", Fraction(63), "inches"),
        ("3 dollars and 5 cents", Fraction(305), "cents"),
        ("5 million dollars", Fraction(5_000_000), "dollars"),
        (r"\$5 \text{ million}", Fraction(5_000_000), "dollars"),
        ("3 dozen eggs", Fraction(36), "eggs"),
    ],
)
def test_a_value_in_parts_and_a_number_word_make_one_value(text: str, value: Fraction, unit: str) -> None:
    found_value, found_unit = split_unit(clean(text))
    plain = found_value.replace(r"\cdot", "*").replace("^{", "**(").replace("\\frac{", "(").replace("}{", "/")
    assert abs(Fraction(eval(plain.replace("}", ")").replace("^", "**"))) - value) < Fraction(1, 10**9)  # noqa: S307
    assert compare_units(unit, found_unit) == Same()


def test_parts_of_different_dimensions_or_sizes_are_no_sum() -> None:
    assert split_unit("5 feet 3 kilograms")[0] != "5+3"
    assert split_unit("3 hours 90 minutes")[0] != "3\\cdot 60+90"  # a part is less than one of the larger unit


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("cm^2", r"\text{ square centimeters}"),
        ("cm^2", "sq. cm"),
        (r"\text{m}^3", "cubic metres"),
        ("ft^3", "cu. ft."),
        ("km/h", r"\mathrm{km\cdot h^{-1}}"),
        ("km/h", "kilometers per hour"),
        ("kg/m^3", r"kg\cdot m^{-3}"),
        ("J", r"\text{N}\cdot\text{m}"),
        ("hours", "hrs"),
        ("hours of work", "hours"),
        ("degrees", r"^\circ"),
        (r"^\circ C", "degrees"),
        ("dollars", "USD"),
        ("£", "pounds"),
        ("¥", "yuan"),
        ("candies", "chocolate candies"),
        ("boxes", "box"),
        ("cities", "city"),
        ("people", "persons"),
        ("square units", "cm^2"),
        ("Km", "km"),
        ("J/(kg °C)", "J/(kg K)"),  # per degree of difference, where the zero is no matter
    ],
)
def test_words_for_the_same_unit(gold: str, answer: str) -> None:
    assert compare_units(clean(gold), clean(answer)) == Same()
    assert compare_units(clean(answer), clean(gold)) == Same()


@pytest.mark.parametrize(
    ("gold", "answer", "value", "converted"),
    [
        ("m", "cm", 250, Fraction(5, 2)),
        ("in", "cm", Fraction(254, 100), 1),
        ("m^2", "cm^2", 10_000, 1),
        ("m^3", "liters", 1000, 1),
        ("km/h", "m/s", 10, 36),
        ("km/h", "mph", 100, Fraction(1609344, 10_000)),
        ("kg/m^3", "g/cm^3", 1, 1000),
        ("kWh", "J", 3_600_000, 1),
        ("hours", "minutes", 90, Fraction(3, 2)),
        ("mW", "MW", 1, 10**9),
        ("dollars", "cents", 250, Fraction(5, 2)),
        ("euros", "cents", 250, Fraction(5, 2)),
        ("dollars per hour", "cents per minute", 100, 60),
        ("^\\circ C", "^\\circ F", 50, 10),
        ("^\\circ F", "^\\circ C", 10, 50),
        ("^\\circ C", "K", Fraction(27315, 100), 0),
        ("K", "degrees Celsius", 0, Fraction(27315, 100)),
        ("^\\circ", "revolutions", 2, 720),
        ("lb", "oz", 16, 1),
    ],
)
def test_units_of_one_dimension_convert_exactly(
    gold: str, answer: str, value: Fraction | int, converted: Fraction | int
) -> None:
    factor = compare_units(gold, answer)
    assert isinstance(factor, Factor)
    assert not factor.pi
    assert value * factor.scale + factor.offset == converted


def test_pi_stays_pi_between_radians_and_degrees() -> None:
    assert compare_units(r"^\circ", "radians") == Factor(Fraction(180), pi=-1)
    assert compare_units("rad", "degrees") == Factor(Fraction(1, 180), pi=1)


def test_a_temperature_has_an_offset() -> None:
    assert compare_units("K", r"^\circ\text{C}") == Factor(Fraction(1), Fraction(5463, 20))


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("cm^2", "cm"),
        ("km/h", "km"),
        ("m", "kg"),
        ("m", "s"),
        ("hours", "km"),
        ("dollars", "euros"),
        ("dollars", "solutions"),
        ("dollars per hour", "dollars"),
        ("apples", "oranges"),
        ("apples", "hours"),
        ("a.m.", "p.m."),
        ("square units", "cm"),
        ("square units", "cubic units"),
        ("degrees Celsius", "radians"),
    ],
)
def test_units_that_differ(gold: str, answer: str) -> None:
    assert compare_units(gold, answer) == Different()
    assert compare_units(answer, gold) == Different()


def test_a_side_that_names_no_unit_contradicts_none() -> None:
    assert compare_units("cm", "") == Same("answer")
    assert compare_units("", "cm") == Same("gold")
    assert compare_units("units", "cm") == Same("gold")
    assert compare_units("", "") == Same("both")


def test_answers_without_differing_units_never_pay_for_the_table_of_units() -> None:
    code = (
        "import sys\n"
        "from genesys.verifiers.math.units import *\n"
        "split_unit('5 cm'); compare_units('cm', 'centimeters'); compare_units('apples', 'cm')\n"
        "assert 'pint' not in sys.modules\n"
        "compare_units('cm', 'm')\n"
        "assert 'pint' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_text_without_letters_costs_next_to_nothing() -> None:
    start = time.perf_counter()
    for _ in range(10_000):
        split_unit("(1, 2), (3, 4)")
    assert time.perf_counter() - start < 0.5  # 50 us each, where 0.3 us are usual


@pytest.mark.parametrize("piece", ["5 cm ", r"\text{a} ", "km/", "m ", "^\\circ ", "$", "5 cm, ", "{", "cm^2 ", r"\, "])
def test_hostile_texts_cost_no_more_than_their_length(piece: str) -> None:
    def seconds(length: int) -> float:
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            split_unit(piece * (length // len(piece)))
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(1900) < 40 * seconds(190) + 0.01
