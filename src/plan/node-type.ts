export const nodeTypes = ['analyze', 'generate', 'transform', 'validate', 'composite'] as const;
export type NodeType = (typeof nodeTypes)[number];
