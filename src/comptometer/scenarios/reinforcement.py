"""Reinforcement learning from rollouts: PPO (Schulman et al. 2017, Ouyang et al. 2022), GRPO (Shao et al. 2024).

A rollout costs a forward pass over prompt and answer: a token that is generated attends to what is cached, which are
exactly the pairs of a causal mask. The logits are taken at every position, which a prompt does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from comptometer.scenarios import Amount, Job, Length, Pass, StageTable, kind


class RolloutTable(StageTable):
    """Prompts, answers, and the models that judge them.

    Attributes:
        prompts: over the whole stage, repetitions included.
        group: answers to each prompt.
        prompt_length: tokens.
        answer_length: tokens, on average.
        epochs: updates with each answer.
        reference: a model, or true for the policy before training, or false for none.
        reward: a reward model; nothing where rewards are computed by a rule.
        old_log_probabilities: does the policy score its answers once more before it is updated?
        prefix_shared: is a prompt computed once for its group?
        kept: share of the answers that the policy is updated with; the others are discarded.
    """

    prompts: Amount
    group: Annotated[int, Field(ge=1)] = 1
    prompt_length: Length
    answer_length: Length
    epochs: Annotated[int, Field(ge=1)] = 1
    reference: str | bool = True
    reward: str | None = None
    old_log_probabilities: bool = False
    prefix_shared: bool = True
    kept: Annotated[float, Field(gt=0, le=1)] = 1.0


class ActorCriticTable(RolloutTable):
    """The same with a critic, a model of the policy's size unless given, which is trained as well."""

    critic: str | None = None
    old_log_probabilities: bool = True


@kind("grpo", table=RolloutTable)
def group_relative(table: RolloutTable, job: Job) -> Iterator[Pass]:
    """Rollouts, reference, reward, and the policy's update; advantages come from the group, without a critic."""
    yield from _judged(table, job)
    yield _updated(table, job)


@kind("ppo", table=ActorCriticTable)
def actor_critic(table: ActorCriticTable, job: Job) -> Iterator[Pass]:
    """The same, with a critic that values every answer and is trained on it."""
    yield from _judged(table, job)
    length, answers = _length(table), _answers(table)
    yield job.forward("critic's values", "reward-forward", job.count(table.critic, length=length), answers)
    yield _updated(table, job)
    yield job.trained(
        "critic's update", "reward-train", job.count(table.critic, length=length), _kept(table) * table.epochs
    )


def _length(table: RolloutTable) -> int:
    return table.prompt_length + table.answer_length


def _answers(table: RolloutTable) -> Fraction:
    return Fraction(table.prompts * table.group)


def _kept(table: RolloutTable) -> Fraction:
    return _answers(table) * Fraction(str(table.kept))


def _judged(table: RolloutTable, job: Job) -> Iterator[Pass]:
    """Everything before an update."""
    length, answers = _length(table), _answers(table)
    yield from _rollouts(table, job)
    own = job.count(length=length)
    if table.reward is not None:
        yield job.forward("reward", "reward-forward", job.count(table.reward, length=length), answers)
    if table.reference is not False:
        target = table.reference if isinstance(table.reference, str) else None
        yield job.forward("reference", "rl-update", job.count(target, length=length), _kept(table))
    if table.old_log_probabilities:
        yield job.forward("old probabilities", "rl-update", own, _kept(table))


def _rollouts(table: RolloutTable, job: Job) -> Iterator[Pass]:
    """Every answer with its prompt; or the prompt once for a group, and then each answer behind it."""
    whole = job.count(length=_length(table))
    answers = _answers(table)
    if not table.prefix_shared or table.group == 1:
        yield job.forward("rollouts", "rl-rollout", whole, answers)
        return
    prompt = job.count(length=table.prompt_length)
    yield job.forward("prompts, once for a group", "rl-rollout", prompt, Fraction(table.prompts))
    yield job.behind("rollouts behind their prompt", "rl-rollout", whole, prompt, answers)


def _updated(table: RolloutTable, job: Job) -> Pass:
    found = job.count(length=_length(table), trained=True)
    return job.trained("policy's update", "rl-update", found, _kept(table) * table.epochs)
