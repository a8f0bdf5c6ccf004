package holds
