"""Prices of those who are asked, by teacher_id: each call is paid at the prices of who answered it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genesys.calls.usage import Payee, Usage
from genesys.faults import GenesysError
from genesys.settings.roles import RoleSettings


@dataclass(frozen=True)
class Prices:
    """Made of the settings' sections, by ``Settings.prices``."""

    roles: Mapping[str, RoleSettings]
    """By teacher_id."""

    @classmethod
    def of(cls, sections: Mapping[str, RoleSettings]) -> Prices:
        """Prices of all who are set up, by the sections' names.

        Raises:
            GenesysError: Two sections give one teacher_id different prices.
        """
        found: dict[str, tuple[str, RoleSettings]] = {}
        for name, role in sections.items():
            if not role.is_priced:
                continue
            other, known = found.setdefault(role.teacher_id, (name, role))
            if known.prices != role.prices:
                raise GenesysError(
                    f"[{other}] and [{name}] give {role.teacher_id} different prices. Its answers are known by this id "
                    "alone: give both the same prices, or one of them an `id` of its own"
                )
        return cls({ident: role for ident, (_, role) in found.items()})

    @property
    def any(self) -> bool:
        """Whether anything has a price, so that money is worth showing."""
        return any(any(role.prices) for role in self.roles.values())

    def cost(self, payee: Payee, used: Usage) -> float:
        """Money, in the currency of the prices; what has no price costs nothing."""
        role = self.roles.get(payee.teacher_id)
        return role.cost_of(used, payee.tier) if role else 0.0

    def total(self, paid: Mapping[Payee, Usage]) -> float:
        """All of it."""
        return sum(self.cost(payee, used) for payee, used in paid.items())

    def unpriced(self, teacher_ids: Iterable[str]) -> list[str]:
        """Those whose prices nobody named: what they cost is missing in every sum of money."""
        return sorted({ident for ident in teacher_ids if ident not in self.roles})


def money(value: float) -> str:
    """An amount for people: two decimals, and for small ones as many as say something."""
    return f"{value:,.2f}" if value >= 1 or value == 0 else f"{value:.2g}" if value < 0.001 else f"{value:.4f}"
