# Draws inside the ascent loop, but before the updates: all 64 panels, titled as asked, show the noise at
# the start. The images in the list are right. (The cell with deprocess_image was moved up, so that the loop
# can use it.)
#
# /// label
# plot = ["partial", "fail"]
#
# [cells]
# move = {deprocess = "normalize"}
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
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

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)

figure, axes = plt.subplots(8, 8, figsize=(12, 12))
plt.close(figure)  # shown below

for filter_index in range(number_of_filters):
    ax = axes.flat[filter_index]
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))

    ax.imshow(deprocess_image(input_img.numpy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {filter_index}", fontsize=8)
    ax.axis("off")

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(sub(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
# the panels were drawn together with the ascent, see above
figure.tight_layout()
figure
