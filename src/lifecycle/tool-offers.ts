import type { ToolOffer } from '../decompose/decomposer.js';
import type { Handlers } from '../execution/node-handler.js';

/** What decomposers are told of `handlers.tools`. */
export function toolOffersOf({ tools = {} }: Handlers): readonly ToolOffer[] {
  return Object.entries(tools).map(([name, entry]) => {
    const { description, parameters } = typeof entry === 'object' ? entry : {};
    return { name, ...(description !== undefined && { description }), ...(parameters !== undefined && { parameters }) };
  });
}
