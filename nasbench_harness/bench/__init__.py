"""What a machine does in a few minutes: checked, timed, written down part by part.

The command's own process holds the clock and the file (`running`, `record`) and imports no torch;
what is measured runs in a process of its own (`process`, `worker`), which may hang, crash or lose
its device without taking anything along.
"""
