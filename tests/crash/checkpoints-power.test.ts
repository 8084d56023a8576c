import { killAtEveryCheckpoint } from './checkpoints.ts';

killAtEveryCheckpoint(['create', 'start', 'stop', 'restart', 'force-restart']);
