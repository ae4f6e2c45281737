"""What if the model were another one: caps and windows changed, runs compared. All of it is of a *modified model*."""
