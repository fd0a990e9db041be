"""What curations of several lanes share: steps to put into a lane's list, and the pure functions behind them."""
