/** What a word of style asks of a picture, of an instrument and of a sentence. */
export interface StyleWord {
  readonly word: string;
  /** -1 slow, 1 fast. */
  readonly pace: number;
  readonly picture: string;
  readonly instruments: string;
  readonly prose: string;
}

const known: readonly (readonly [words: string, pace: number, picture: string, instruments: string, prose: string])[] =
  [
    [
      'noir|dark|mood|grit|gloom|tense|thrill',
      0,
      'one hard light, deep shadow, faces half seen',
      'double bass, muted trumpet',
      'plain sentences; what matters most stays unsaid',
    ],
    [
      'slow|calm|quiet|gentle|meditat|still|tender|soft|lofi|lo-fi|ambient',
      -1,
      'empty space around one subject; nothing crowds the frame',
      'felt piano, long strings',
      'long sentences with room to breathe',
    ],
    [
      'fast|energ|dynamic|upbeat|urgent|punch|lively|electr',
      1,
      'diagonals, and motion caught halfway',
      'drum kit, synth bass',
      'verbs first, and no sentence over fifteen words',
    ],
    [
      'warm|sun|bright|gold|cosy|cozy|friendl|hopeful|optimis',
      0,
      'low side light, skin and wood tones',
      'acoustic guitar, brushed snare',
      'people before ideas: hands, food, names',
    ],
    [
      'cold|rain|wet|mist|fog|winter|blue|melanchol|sad',
      0,
      'wet surfaces that double every light, a narrow blue-grey range',
      'vibraphone, low pad',
      'weather named once, exactly, and then left alone',
    ],
    [
      'minimal|clean|simple|clear|concise|plain',
      0,
      'one subject, one colour, an empty ground',
      'one piano',
      'no adjective that a better noun could carry',
    ],
    [
      'dream|surreal|ethereal|magic|poetic|lyric',
      0,
      'soft edges, and one thing at the wrong size',
      'celesta, bowed vibraphone',
      'one impossible fact, told as if it were ordinary',
    ],
    [
      'vintage|retro|nostalg|old|analog',
      0,
      'faded colour, visible grain, an older format',
      'upright piano, tape strings',
      'the objects and the prices of the time',
    ],
    [
      'play|fun|quirk|whims|humo|witty|light-hearted',
      0,
      'full colours, and one object out of place',
      'ukulele, clarinet',
      'the joke at the end of the sentence',
    ],
    [
      'epic|grand|cinema|drama|bold|heroic',
      0,
      'a small figure in a huge space, seen from low down',
      'full strings, timpani, horns',
      'start in the middle, with the stakes on the table',
    ],
    [
      'document|honest|real|raw|natural|journal',
      0,
      'available light, nothing arranged for the camera',
      'field recording, one guitar',
      'a name, a place and a number in every part',
    ],
    [
      'water ?colo|ink|pencil|gouache|oil|pastel|hand-drawn|collage',
      0,
      'stroke, edge and paper left visible',
      'kalimba, soft clarinet',
      'short scenes with white space between them',
    ],
  ];

export function readStyle(style = ''): StyleWord[] {
  const words = style.split(/[,;/\n]+|\s+(?:and|&)\s+/i).map((word) => word.replace(/\s+/g, ' ').trim());
  return words.filter(Boolean).slice(0, 12).map(readWord);
}

function readWord(word: string): StyleWord {
  const [, pace, picture, instruments, prose] =
    known.find(([words]) => new RegExp(`(?<!\\p{L})(?:${words})`, 'iu').test(word)) ?? [];
  const own = 'settle on one reference for it first, and hold every part against that';
  return {
    word,
    pace: pace ?? 0,
    picture: picture ?? own,
    instruments: instruments ?? '',
    prose: prose ?? own,
  };
}

/** 0 slow, 1 moderate, 2 fast. */
export function paceOf(style: readonly StyleWord[]): 0 | 1 | 2 {
  return (1 + Math.sign(style.reduce((sum, { pace }) => sum + pace, 0))) as 0 | 1 | 2;
}
