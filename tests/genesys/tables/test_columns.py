"""What our tables keep of free form."""

import json
from datetime import date

from genesys.schemas import as_text


def test_a_mapping_is_kept_as_text_that_a_person_can_read_whatever_it_holds() -> None:
    text = as_text({"tag": "é", "day": date(2024, 2, 29), "first": 1})
    assert text == '{"tag": "é", "day": "2024-02-29", "first": 1}'
    assert list(json.loads(text)) == ["tag", "day", "first"]
