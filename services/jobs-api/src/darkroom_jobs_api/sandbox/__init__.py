"""The sandbox' switches for operators, where the platform runs on one."""
