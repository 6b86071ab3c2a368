# The ascent is a function in an inserted cell, tried there on two filters; the ascent cell only calls it. Right.
#
# /// label
# [cells]
# insert = {my_functions = "normalize"}
# ///

# %% cnn
start = layers.Input(shape=(28, 28, 1))
t = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(start)
t = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d_1")(t)
t = layers.MaxPooling2D()(t)
shortcut = layers.Conv2D(20, 1, name="project")(t)
t = layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2")(t)
t = layers.add([shortcut, t])
t = layers.Conv2D(27, 3, padding="same", activation="relu", name="conv2d_3")(t)
t = layers.MaxPooling2D()(t)
t = layers.Dense(10, activation="softmax")(layers.Flatten()(t))
model = keras.Model(start, t)

# %% my_functions
def submodel(until):
    return keras.Model(model.inputs, model.get_layer(until).output)


def best_picture(network, number, rounds=gradient_updates, eta=step_size, talk=False):
    """Gradient ascent for one filter; returns the image as an array."""
    x = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for n in range(rounds):
        with tf.GradientTape() as tape:
            a = KTF.mean(network(x)[:, :, :, number])
        x.assign_add(eta * normalize(tape.gradient(a, x)))
        if talk and n % 20 == 0:
            print(number, n, a.numpy())
    return x.numpy()


# does it work?
for test_filter in (0, 5):
    best_picture(submodel("conv2d_3"), test_filter, talk=True)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(1e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=25, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 27
cut = submodel(layer_name)
visualized_feature = [best_picture(cut, i) for i in range(number_of_filters)]

# %% plot
figure, axs = plt.subplots(3, 9, figsize=(14, 5))
for i in range(number_of_filters):
    r, c = divmod(i, 9)
    axs[r, c].imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    axs[r, c].set_title(f"feature {i}")
    axs[r, c].axis("off")
plt.show()
