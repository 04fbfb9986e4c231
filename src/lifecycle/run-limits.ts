import { type Issue, PlanInvalidError } from '../errors.js';
import type { Admission } from '../execution/admission.js';
import { Budget, type BudgetOptions } from '../execution/budget.js';
import type { Limit } from '../execution/limit.js';
import { RunAdmission } from '../execution/run-admission.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { RunState } from '../run/run-state.js';
import type { PlannerServices } from './planner-services.js';

/** What holds the attempts of a run back: the limits of its planner, and its budget. */
export interface RunLimits {
  readonly admission?: Admission;
  readonly budget?: Budget;
  readonly useTokens?: (placed: GraphNode, tokens: number) => void;
}

/** @throws PlanInvalidError when a node names a limit that the planner does not have */
export function runLimitsOf(
  { providerLimits: limits, lookup, pauseAfterMs, graceMs, host }: PlannerServices,
  state: RunState,
  budgetOptions: BudgetOptions | undefined,
): RunLimits {
  const named = state.graph.nodes.filter(({ node }) => node.limits !== undefined);
  const issues = named.flatMap(({ node }) => issuesOf(node, limits));
  if (issues.length > 0) throw new PlanInvalidError(state.planId, issues);
  if (limits.size === 0 && budgetOptions === undefined) return {};
  const budget = budgetOptions && new Budget(budgetOptions, state);
  const limitsOf = ({ node }: GraphNode): readonly Limit[] => {
    const names = new Set([...(lookup(node)?.limits ?? []), ...(node.limits ?? [])]);
    return [...names].map((name) => limits.get(name)).filter((limit) => limit !== undefined);
  };
  const useTokens = (placed: GraphNode, tokens: number) => {
    for (const limit of limitsOf(placed)) limit.useTokens(tokens);
  };
  const admission = new RunAdmission({ limitsOf, budget, pauseAfterMs, graceMs, setTimer: host.setTimer });
  return { admission, useTokens, ...(budget !== undefined && { budget }) };
}

function issuesOf({ id, limits = [] }: WorkflowNode, known: ReadonlyMap<string, Limit>): Issue[] {
  const unknown = limits.filter((name) => !known.has(name));
  return unknown.map((name) => ({ path: id, message: `no limit is called ${JSON.stringify(name)}; add it to limits` }));
}
