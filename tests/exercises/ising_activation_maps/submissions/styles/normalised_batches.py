# With batch normalization behind every convolution; the features come after it.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([layers.Input((32, 32, 1))])
for n in (16, 32):
    model.add(layers.Conv2D(n, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    if n == 16:
        model.add(layers.AveragePooling2D(2))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(2, activation="softmax"))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=8, batch_size=64, verbose=2)

# %% maps
answers = model.predict(x_test, verbose=0)
said, true = answers.argmax(1), y_test.argmax(1)
right, wrong = np.flatnonzero(said == true), np.flatnonzero(said != true)
chosen = [*right[:2], *wrong[:2]]
until = keras.Model(model.inputs, model.layers[-3].output)
maps = np.einsum("nxyk,kc->ncxy", until.predict(x_test[chosen], verbose=0), model.layers[-1].get_weights()[0])

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()
