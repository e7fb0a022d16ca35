"""What other scanners say: their reports as files, and the programs themselves where the configuration names them."""
