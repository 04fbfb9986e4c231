import type { VibeInput } from 'vibe-aigc';

export const demoVibe: VibeInput = {
  description: 'A short film about a lighthouse keeper who finds a letter that was never sent',
  style: 'noir, rainy, slow',
  constraints: ['under 2 minutes', 'no dialogue', 'must mention the letter'],
  domain: 'film',
};
