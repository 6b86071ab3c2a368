# Starts from grey with a little noise, 0.5 plus or minus 0.05, instead of noise from 0 to 1. With elu
# activations no filter is ever quite switched off, so this is as good a start as any. 32 filters in the
# layer.
#
# /// label
# ///

# %% cnn
settings = {"padding": "same", "activation": "elu"}
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, name="conv2d", **settings),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, name="conv2d_1", **settings),
        layers.Conv2D(16, 3, name="conv2d_2", **settings),
        layers.Conv2D(32, 3, name="conv2d_3", **settings),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(1e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

net = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # nearly grey, the noise only has to break the symmetry
    noise = np.random.uniform(-0.05, 0.05, size=(1, 28, 28, 1))
    input_img = KTF.variable(0.5 + noise)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(net(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        if update == 0:
            first = float(loss)
    print(f"{filter_index}: {first:.3f} -> {float(loss):.3f}")
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(32):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
