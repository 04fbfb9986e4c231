import type { DomainName } from '../medium.js';
import { article } from './article.js';
import type { Domain } from './domain.js';
import { film } from './film.js';
import { generic } from './generic.js';
import { images } from './images.js';
import { music } from './music.js';

export const domains: Readonly<Record<DomainName, Domain>> = { film, images, music, article, generic };
