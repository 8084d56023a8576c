import { killAtEveryCheckpoint } from './checkpoints.ts';

killAtEveryCheckpoint(['reinstall-os', 'rebuild', 'delete']);
